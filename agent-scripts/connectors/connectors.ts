import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { containerOf } from '../../core/targets/kinds/container-reload.ts';
import { credentialsOf, type FileKind } from '../../core/targets/kinds/kinds.ts';
import type { FileTarget } from '../../core/targets/target.ts';
import type { Activation } from '../activations/activation.ts';
import type { Distribution } from '../host/distribution.ts';
import type { Connector } from './connector.ts';
import type { DesiredChange } from './desired-change.ts';

/** What to change on a host of this distribution to install the bundle for the target. */
export async function desiredChange(
  target: FileTarget,
  bundle: Bundle,
  distribution: Distribution,
  credentials: CredentialValues = {},
): Promise<DesiredChange> {
  const connector = await connectorOf(target.kind);
  const container = containerOf(target.config);
  return {
    files: connector.files(bundle, target.config, distribution, credentials),
    fileUser: target.config.fileUser,
    validate: connector.validate(target.config),
    validateInput: connector.validateInput?.(target.config, credentials),
    certificateIn: connector.certificateIn?.(target.config, credentials),
    activate: activationOf(connector, target),
    sandbox: target.config.rehearse ? (connector.sandbox?.(target.config) ?? []) : null,
    // the nginx on the host is not the one in a container
    nginxInstance: container === null ? connector.nginxInstance?.(target.config) : undefined,
  };
}

function activationOf(
  connector: Connector<FileKind>,
  { config, certificate }: FileTarget,
): Activation | null {
  const container = containerOf(config);
  return container === null
    ? connector.activate(config, certificate)
    : { kind: 'containerSignal', ...container };
}

/** What a check without a job can determine about a target: its files, and the commands of its daemon. */
export type DescribedTarget = Pick<DesiredChange, 'files' | 'validate' | 'activate'>;

/**
 * The files and commands of a target, without the content of the files. `validate` is null also if the command needs a
 * credential.
 */
export async function describeTarget(
  target: FileTarget,
  distribution: Distribution,
): Promise<DescribedTarget> {
  const { kind, config } = target;
  const connector = await connectorOf(kind);
  const needsCredential = Object.keys(credentialsOf(kind, config)).length > 0;
  return {
    files: connector.files({ leaf: '', chain: [], key: '' }, config, distribution, {}),
    validate: needsCredential ? null : connector.validate(config),
    activate: activationOf(connector, target),
  };
}

/** The connector of a kind: `connectors/<kind>.ts` exports it under the name of the kind. esbuild bundles every one. */
async function connectorOf(kind: FileKind): Promise<Connector<FileKind>> {
  const module: Readonly<Record<string, Connector<FileKind>>> = await import(
    /* @vite-ignore */ `./${kind}.ts`
  );
  return module[kind] as Connector<FileKind>;
}
