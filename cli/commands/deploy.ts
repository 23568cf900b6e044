import type { CertferryError } from '../../core/errors.ts';
import type { Target } from '../../core/targets/target.ts';
import { type BundleFiles, judge, secretOf } from '../input/read-bundle-files.ts';
import { onThisMachine, readTargetsFile, selectTargets } from '../input/select-targets.ts';
import { readVersion } from '../input/version-option.ts';
import {
  type PlaceOptions,
  placeOf,
  refuseOptions,
  refuseOwnFiles,
  requireOptions,
  type StackPlace,
} from '../options/backend-options.ts';
import { fold } from '../render/text.ts';
import { type AtLeastOne, notRecorded } from '../report/deployment-report.ts';
import { UsageError } from '../terminal/errors.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Carrier } from './deploy-to-targets.ts';
import { withAccount, withFerry } from './open-backend.ts';
import { finish, perform } from './perform-deployments.ts';

export interface DeployOptions extends PlaceOptions, Partial<BundleFiles> {
  readonly targets?: string;
  readonly certificate: string;
  readonly version?: string;
  readonly target: readonly string[];
  readonly dryRun?: boolean;
}

/** `certferry deploy`: a bundle to targets on this machine, or in an account the current version to named targets. */
export async function deploy(options: DeployOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'deploy');
  return place.kind === 'stack'
    ? deployInAccount(place, options, terminal)
    : deployHere(place.state, options, terminal);
}

/** Reads and judges the bundle before anything is started, then carries it to every target. */
async function deployHere(state: string, options: DeployOptions, terminal: Terminal): Promise<number> {
  requireOptions({ '--targets': options.targets, '--cert': options.cert }, '--local');
  refuseOptions({ '--version': options.version }, '--local: the version is the one in --cert');
  const { targets: file = '', cert = '', certificate, target: ids } = options;
  const selected = selectTargets(readTargetsFile(file).targets, certificate, ids);
  const [first, ...others] = selected;
  const targets = [onThisMachine(first), ...others.map(onThisMachine)] as const;
  const read = judge({ ...options, cert });
  if (!('bundle' in read)) return refuse(read, targets, options, terminal);
  for (const warning of read.warnings) terminal.err(terminal.colours.yellow(`warning: ${warning}`));
  const order = {
    action: actionOf(options),
    secret: secretOf(read),
    fingerprint: read.facts.fingerprint,
  };
  return withFerry(state, async (ferry) => {
    // first: what broke off in the middle is to be looked at most of all
    if (order.action === 'deploy') await ferry.register(selected);
    const carrier: Carrier = (target, onEvent) => ferry.deploy({ target, ...order, onEvent });
    return perform(targets, carrier, { options, terminal });
  });
}

/** Keys stay where they are: the version is the one whose rollout ended well last, or one that was rolled out before. */
async function deployInAccount(place: StackPlace, options: DeployOptions, terminal: Terminal) {
  const { certificate } = options;
  refuseOwnFiles(options);
  requireOptions(
    { '--target': options.target[0] },
    '--stack: all targets of a certificate are reached by "certferry rollout"',
  );
  const wanted = readDeployed(options.version);
  return withAccount(place, async (account) => {
    const members = await account.members(options.target, certificate);
    const version = await account.version(certificate, wanted);
    return perform(members, account.carrier({ action: actionOf(options), version }), { options, terminal });
  });
}

/** Null: the current one. What no rollout has carried begins with one: a single deployment asks no source what is in it. */
function readDeployed(text: string | undefined): string | null {
  if (text === undefined) return null;
  const version = readVersion(text);
  if (version === 'current') return null;
  if (typeof version === 'object' && 'fingerprint' in version && version.fingerprint !== undefined) {
    return version.fingerprint;
  }
  throw new UsageError(
    `--version ${text}: deploy takes "current" or the fingerprint of a version that was rolled out; "certferry rollout --version ${text}" begins with another one, with --target for a part`,
  );
}

function actionOf({ dryRun }: DeployOptions): 'deploy' | 'validate' {
  return dryRun === true ? 'validate' : 'deploy';
}

/** In words, once for all targets: they have nothing to do with it. */
function refuse(
  { name, message }: CertferryError,
  targets: AtLeastOne<Target>,
  options: DeployOptions,
  terminal: Terminal,
): number {
  if (options.json === true) {
    const end = { summary: `the bundle is refused: ${message}`, reason: name };
    const [first, ...others] = targets;
    const refused = others.map((target) => notRecorded(target, 'rejected', end));
    return finish([notRecorded(first, 'rejected', end), ...refused], options, terminal);
  }
  const [head = '', ...rest] = fold(`rejected: ${name}: ${message}`, terminal.width - 2);
  terminal.out(`${terminal.colours.red('✖')} ${head}`);
  for (const line of rest) terminal.out(`  ${line}`);
  terminal.out('  Nothing was started, and nothing was touched.');
  return exitCodes.rejected;
}
