import type { CertferryError } from '../../core/errors.ts';
import type { Target } from '../../core/targets/target.ts';
import { type BundleFiles, readUsableBundle, secretOf } from '../input/read-bundle-files.ts';
import { onThisMachine, readTargetsFile, selectTargets } from '../input/select-targets.ts';
import { readVersionOption } from '../input/version-option.ts';
import { type BackendOptions, type StackSelection, selectBackend } from '../options/backend-options.ts';
import { refuseFileOptions, refuseOptions, requireOptions } from '../options/option-checks.ts';
import { type AtLeastOne, notRecorded } from '../report/deployment-report.ts';
import { UsageError } from '../terminal/errors.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { onlyLocal, operatorFor } from './aws-operator.ts';
import { withLocalBackend, withStackBackend } from './open-backend.ts';
import { performDeployments, printReport, type WaitOption } from './perform-deployments.ts';
import { printBundleWarnings, printRefusal } from './refuse-bundle.ts';

export interface DeployOptions extends BackendOptions, WaitOption, Partial<BundleFiles> {
  readonly targets?: string;
  readonly certificate: string;
  readonly to?: string;
  readonly target: readonly string[];
  readonly dryRun?: boolean;
  readonly awsCredentials?: string;
}

/** `certferry deploy`: a bundle to targets on this machine, or a version to named targets of a stack. */
export async function deploy(options: DeployOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'deploy');
  return selection.kind === 'stack'
    ? deployOnStack(selection, options, terminal)
    : deployLocally(selection.state, options, terminal);
}

/** Checks the bundle before anything is started. */
async function deployLocally(state: string, options: DeployOptions, terminal: Terminal): Promise<number> {
  requireOptions({ '--targets': options.targets, '--cert': options.cert }, '--local');
  refuseOptions({ '--to': options.to }, '--local: the version is the one in --cert');
  const { targets: file = '', cert = '', certificate, target: ids } = options;
  const selected = selectTargets(readTargetsFile(file).targets, certificate, ids);
  const [first, ...others] = selected;
  const targets = [onThisMachine(first), ...others.map(onThisMachine)] as const;
  const read = readUsableBundle({ ...options, cert });
  if (!('bundle' in read)) return refuse(read, targets, options, terminal);
  printBundleWarnings(read.warnings, options, terminal);
  const action = actionOf(options);
  const version = { secret: secretOf(read), fingerprint: read.facts.fingerprint };
  const operator = await operatorFor(options.awsCredentials, selected, terminal);
  return withLocalBackend(
    state,
    async (backend) => {
      // before the deployment: the sweep must probe a target whose deployment was interrupted
      if (action === 'deploy') await backend.register(selected);
      return performDeployments(
        targets,
        (target, onEvent) =>
          backend.deploy({ target, action, version, lockWaitSeconds: options.wait }, onEvent),
        { options, terminal, printed: read.warnings },
      );
    },
    { operator },
  );
}

/** The stack reads the version from its source: the current version, or an earlier one by its fingerprint. */
async function deployOnStack(selection: StackSelection, options: DeployOptions, terminal: Terminal) {
  const { certificate } = options;
  refuseFileOptions(options);
  refuseOptions({ '--aws-credentials': options.awsCredentials }, onlyLocal);
  requireOptions(
    { '--target': options.target[0] },
    '--stack: "certferry rollout" deploys to all targets of a certificate',
  );
  const fingerprint = readFingerprint(options.to);
  return withStackBackend(selection, async (backend) => {
    const targets = await backend.findTargets(options.target, certificate);
    const version = await backend.findVersion(certificate, fingerprint);
    const action = actionOf(options);
    return performDeployments(
      targets,
      (target, onEvent) =>
        backend.deploy({ target, action, version, lockWaitSeconds: options.wait }, onEvent),
      { options, terminal },
    );
  });
}

/** Null for the current version. Only a rollout reads the source, so other versions need a rollout first. */
function readFingerprint(text: string | undefined): string | null {
  if (text === undefined) return null;
  const version = readVersionOption(text);
  if (version === 'current') return null;
  if (typeof version === 'object' && 'fingerprint' in version && version.fingerprint !== undefined) {
    return version.fingerprint;
  }
  throw new UsageError(
    `--to ${text}: deploy accepts "current" or the fingerprint of a version that was rolled out. Start a rollout of another version with "certferry rollout --to ${text}"; add --target to limit it.`,
  );
}

function actionOf({ dryRun }: DeployOptions): 'deploy' | 'validate' {
  return dryRun === true ? 'validate' : 'deploy';
}

function refuse(
  error: CertferryError,
  targets: AtLeastOne<Target>,
  options: DeployOptions,
  terminal: Terminal,
): number {
  if (options.json === true) {
    const end = { summary: `the bundle is rejected: ${error.message}`, reason: error.name };
    const [first, ...others] = targets;
    const rejected = others.map((target) => notRecorded(target, 'rejected', end));
    return printReport([notRecorded(first, 'rejected', end), ...rejected], options, terminal);
  }
  printRefusal('rejected', error, terminal);
  return exitCodes.rejected;
}
