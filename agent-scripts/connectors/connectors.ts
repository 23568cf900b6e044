import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { containerOf } from '../../core/targets/kinds/container-reload.ts';
import type { FileKind } from '../../core/targets/kinds/kinds.ts';
import type { FileTarget } from '../../core/targets/target.ts';
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
    activate:
      container === null
        ? connector.activate(target.config, target.certificate)
        : { kind: 'containerSignal', ...container },
    sandbox: target.config.rehearse ? (connector.sandbox?.(target.config) ?? []) : null,
    // the nginx on the host is not the one in a container
    nginxInstance: container === null ? connector.nginxInstance?.(target.config) : undefined,
  };
}

/** The connector of a kind: `connectors/<kind>.ts` exports it under the name of the kind. esbuild bundles every one. */
async function connectorOf(kind: FileKind): Promise<Connector<FileKind>> {
  const module: Readonly<Record<string, Connector<FileKind>>> = await import(
    /* @vite-ignore */ `./${kind}.ts`
  );
  return module[kind] as Connector<FileKind>;
}
