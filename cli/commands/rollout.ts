import type { CertferryError } from '../../core/errors.ts';
import type { RolloutRequest } from '../../core/rollout/rollout.ts';
import { mostDeploymentsAtOnce } from '../../local/at-once.ts';
import type { Ferry } from '../../local/backend/local-backend.ts';
import type { RolloutEnd, RolloutWatch } from '../../services/backend/backend.ts';
import { type BundleFiles, judge, secretOf } from '../input/read-bundle-files.ts';
import { onThisMachine, readTargetsFile, selectTargets } from '../input/select-targets.ts';
import { readStrategy, type StrategyOptions } from '../input/strategy-options.ts';
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
import { UsageError } from '../terminal/errors.ts';
import { rolloutExitCodes } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { haltIn, putBackIn } from './halt.ts';
import { withAccount, withFerry } from './open-backend.ts';
import { followToItsEnd } from './show-rollout.ts';

export interface RolloutOptions extends PlaceOptions, StrategyOptions, Partial<BundleFiles> {
  readonly targets?: string;
  readonly certificate?: string;
  readonly version?: string;
  readonly target: readonly string[];
  readonly urgent?: boolean;
  readonly repeat?: boolean;
  readonly reason?: string;
  readonly resume?: string;
  readonly rollBack?: boolean;
  readonly follow?: string;
}

/** `certferry rollout`: one version to all targets of a certificate in waves; or an earlier one goes on. */
export async function rollout(options: RolloutOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'rollout');
  const { resume, follow } = options;
  if (resume !== undefined || follow !== undefined) refuseOptions(settled(options), '--resume and --follow');
  if (resume === undefined) refuseOptions({ '--roll-back': options.rollBack }, rollBackWords);
  if (resume !== undefined && follow !== undefined) throw new UsageError('--resume follows it already');
  return place.kind === 'stack'
    ? rolloutInAccount(place, options, terminal)
    : rolloutHere(place.state, options, terminal);
}

const rollBackWords = 'a rollout that begins: say --on-halt rollback, or "certferry halt --roll-back" later';

/** What was settled when the rollout began. */
function settled(options: RolloutOptions): Record<string, unknown> {
  const { certificate, targets, target, waves, urgent, repeat, reason } = options;
  return {
    '--certificate': certificate,
    '--targets': targets,
    '--target': target,
    '--version': options.version,
    '--waves': waves,
    '--max-concurrency': options.maxConcurrency,
    '--tolerated-failures': options.toleratedFailures,
    '--pause': options.pause,
    '--splay': options.splay,
    '--approval-after-wave': options.approvalAfterWave,
    '--approval-timeout': options.approvalTimeout,
    '--on-halt': options.onHalt,
    '--on-stale-service': options.onStaleService,
    '--urgent': urgent,
    '--repeat': repeat,
    '--reason': reason,
  };
}

function requestOf(options: RolloutOptions): Omit<RolloutRequest, 'certificate' | 'version'> {
  const { reason = 'asked for by certferry rollout', repeat = false, urgent = false, target } = options;
  const only = target.length === 0 ? null : { targets: [...target] };
  return { reason, repeat, urgent, only, strategy: readStrategy(options) };
}

/** The bundle lives in this process: whoever resumes a rollout after it brings the bundle again. */
async function rolloutHere(state: string, options: RolloutOptions, terminal: Terminal): Promise<number> {
  refuseOptions({ '--follow': options.follow }, '--local: a rollout here ends with its process');
  refuseOptions({ '--version': options.version }, '--local: the version is the one in --cert');
  if (options.rollBack === true) return putBackHere(state, options, terminal);
  requireOptions({ '--cert': options.cert }, '--local');
  const wish = options.resume === undefined ? wishOf(options) : null;
  if ((wish?.strategy.maxConcurrency ?? 0) > mostDeploymentsAtOnce) {
    const words = `--max-concurrency ${options.maxConcurrency}: this machine runs ${mostDeploymentsAtOnce} at a time at most`;
    terminal.err(terminal.colours.yellow(`warning: ${words}`));
  }
  const read = judge({ ...options, cert: options.cert ?? '' });
  if (!('bundle' in read)) return refuse(read, options, terminal);
  for (const warning of read.warnings) terminal.err(terminal.colours.yellow(`warning: ${warning}`));
  const version = { secret: secretOf(read), fingerprint: read.facts.fingerprint };
  return withFerry(
    state,
    (ferry) =>
      followToItsEnd(
        (watch: RolloutWatch): Promise<RolloutEnd> =>
          wish === null
            ? resume(ferry, options.resume ?? '', version, watch)
            : ferry.rollout({ ...wish, ...version }, watch),
        { options, terminal, interrupt: (id) => haltIn(ferry, id, 'interrupted by Ctrl-C') },
      ),
    { mustExist: wish === null },
  );
}

/** No bundle is needed: each host has the version before. */
async function putBackHere(state: string, options: RolloutOptions, terminal: Terminal): Promise<number> {
  const { resume: id = '', cert, key, chain, passphraseFile } = options;
  const bundle = { '--cert': cert, '--key': key, '--chain': chain, '--passphrase-file': passphraseFile };
  refuseOptions(bundle, '--roll-back: hosts have kept the version before');
  return withFerry(
    state,
    (ferry) =>
      followToItsEnd(
        async (watch: RolloutWatch): Promise<RolloutEnd> => {
          await putBackIn(ferry, id);
          return ferry.resume(id, null, watch);
        },
        { options, terminal, interrupt: (begun) => haltIn(ferry, begun, 'interrupted by Ctrl-C') },
      ),
    { mustExist: true },
  );
}

/** Throws UsageError when the bundle is not the version that the rollout carries. */
async function resume(
  ferry: Ferry,
  id: string,
  { secret, fingerprint }: { secret: ReturnType<typeof secretOf>; fingerprint: string },
  watch: RolloutWatch,
): Promise<RolloutEnd> {
  const carried = (await ferry.rollouts()).find((one) => one.id === id)?.fingerprint;
  if (carried !== undefined && carried !== fingerprint) {
    throw new UsageError(
      `rollout ${id} carries ${carried}, and this bundle is ${fingerprint}: bring the same version again, or begin a new rollout`,
    );
  }
  return ferry.resume(id, secret, watch);
}

/** What is asked of local mode, before the bundle is looked at. */
function wishOf(options: RolloutOptions) {
  requireOptions({ '--targets': options.targets, '--certificate': options.certificate }, '--local');
  const { targets: file = '', certificate: name = '', target: ids } = options;
  const { certificates, targets } = readTargetsFile(file);
  for (const target of selectTargets(targets, name, ids)) onThisMachine(target);
  return {
    certificate: certificates.find((one) => one.name === name) ?? {
      name,
      strategy: {},
      serviceEndpoints: [],
    },
    targets: targets.filter(({ certificate }) => certificate === name),
    ...requestOf(options),
  };
}

async function rolloutInAccount(place: StackPlace, options: RolloutOptions, terminal: Terminal) {
  const { certificate = '', resume, follow } = options;
  refuseOwnFiles(options);
  const begins = resume === undefined && follow === undefined;
  if (begins) requireOptions({ '--certificate': options.certificate }, '--stack');
  const request = { certificate, version: readVersion(options.version), ...requestOf(options) };
  return withAccount(place, (account) =>
    followToItsEnd(
      async (watch) => {
        if (resume !== undefined && options.rollBack === true) await putBackIn(account, resume);
        if (resume !== undefined) return account.resume(resume, watch);
        if (follow !== undefined) return account.follow(follow, watch);
        return account.rollout(request, watch);
      },
      { options, terminal, interrupt: null },
    ),
  );
}

function refuse(
  { name, message }: CertferryError,
  options: RolloutOptions,
  { out, colours, width }: Terminal,
) {
  if (options.json === true) {
    const summary = `the bundle is refused: ${message}`;
    out(
      JSON.stringify({
        rolloutId: null,
        certificate: options.certificate ?? null,
        fingerprint: null,
        outcome: 'refused',
        summary,
        reason: name,
        total: 0,
        counts: {},
        waves: [],
        durationMs: 0,
      }),
    );
    return rolloutExitCodes.refused;
  }
  const [head = '', ...rest] = fold(`refused: ${name}: ${message}`, width - 2);
  out(`${colours.red('✖')} ${head}`);
  for (const line of rest) out(`  ${line}`);
  out('  Nothing was started, and nothing was touched.');
  return rolloutExitCodes.refused;
}
