import type { CertferryError } from '../../core/errors.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalVersion } from '../../local/backend/run-deployment.ts';
import { mostDeploymentsAtOnce } from '../../local/base/concurrency-limit.ts';
import type { RolloutObserver, RolloutResult } from '../../services/backend/backend.ts';
import { readUsableBundle, secretOf } from '../input/read-bundle-files.ts';
import { onThisMachine, readTargetsFile, selectTargets } from '../input/select-targets.ts';
import { refuseOptions, requireOptions } from '../options/option-checks.ts';
import { UsageError } from '../terminal/errors.ts';
import { rolloutExitCodes } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { operatorFor } from './aws-operator.ts';
import { haltRollout, rollBackRollout } from './halt-rollout.ts';
import { withLocalBackend } from './open-backend.ts';
import { printBundleWarnings, printRefusal } from './refuse-bundle.ts';
import { type RolloutOptions, requestOf } from './rollout-options.ts';
import { showRollout } from './show-rollout.ts';

/** The bundle exists only in this process, so a resumed rollout needs the bundle again. */
export async function rolloutLocally(
  state: string,
  options: RolloutOptions,
  terminal: Terminal,
): Promise<number> {
  refuseOptions({ '--follow': options.follow }, '--local: a local rollout ends with its process');
  refuseOptions({ '--to': options.to }, '--local: the version is the one in --cert');
  if (options.rollback === true) return rollBackLocally(state, options, terminal);
  requireOptions({ '--cert': options.cert }, '--local');
  const { resume } = options;
  const newRollout = resume === undefined ? newRolloutOf(options) : null;
  warnOfConcurrency(newRollout?.strategy.maxConcurrency ?? 0, options, terminal);
  const read = readUsableBundle({ ...options, cert: options.cert ?? '' });
  if (!('bundle' in read)) return refuse(read, options, terminal);
  printBundleWarnings(read.warnings, options, terminal);
  const version = { secret: secretOf(read), fingerprint: read.facts.fingerprint };
  return show(
    state,
    (backend, observer) =>
      newRollout === null
        ? resumeWith(backend, { id: resume ?? '', version }, observer)
        : backend.rollout({ ...newRollout, version }, observer),
    { options, terminal, mustExist: newRollout === null, targets: newRollout?.targets ?? null },
  );
}

/** Needs no bundle: each host keeps its previous version. */
async function rollBackLocally(state: string, options: RolloutOptions, terminal: Terminal): Promise<number> {
  const { resume: id = '', cert, key, chain, passphraseFile } = options;
  const bundle = { '--cert': cert, '--key': key, '--chain': chain, '--passphrase-file': passphraseFile };
  refuseOptions(bundle, '--rollback: each host keeps its previous version');
  return show(
    state,
    async (backend, observer) => {
      await rollBackRollout(backend, id);
      return backend.resume(id, null, observer);
    },
    { options, terminal, mustExist: true, targets: null },
  );
}

type StartRollout = (backend: LocalBackend, observer: RolloutObserver) => Promise<RolloutResult>;

interface Shown {
  readonly options: RolloutOptions;
  readonly terminal: Terminal;
  readonly mustExist: boolean;
  /** Null: the targets of a rollout that exists. */
  readonly targets: readonly RegisteredTarget[] | null;
}

/** Ctrl-C halts the rollout, because it cannot continue without this process. */
async function show(
  state: string,
  start: StartRollout,
  { options, terminal, mustExist, targets }: Shown,
): Promise<number> {
  const operator = await operatorFor(options.awsCredentials, targets, terminal);
  return withLocalBackend(
    state,
    (backend) =>
      showRollout((observer) => start(backend, observer), {
        options,
        terminal,
        interrupt: (id) => haltRollout(backend, id, 'interrupted by Ctrl-C'),
      }),
    { mustExist, operator },
  );
}

/** Throws UsageError if the bundle is another version than that of the rollout. */
async function resumeWith(
  backend: LocalBackend,
  { id, version: { secret, fingerprint } }: { id: string; version: LocalVersion },
  observer: RolloutObserver,
): Promise<RolloutResult> {
  const deployed = (await backend.rollouts()).find((one) => one.id === id)?.fingerprint;
  if (deployed !== undefined && deployed !== fingerprint) {
    throw new UsageError(
      `rollout ${id} deploys ${deployed}, but this bundle is ${fingerprint}. Use the bundle of the rollout, or start a new rollout.`,
    );
  }
  return backend.resume(id, secret, observer);
}

/** The rollout without its version: options are checked before the bundle is read. */
function newRolloutOf(options: RolloutOptions) {
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

function warnOfConcurrency(
  requested: number,
  { maxConcurrency }: RolloutOptions,
  { err, colours }: Terminal,
): void {
  if (requested <= mostDeploymentsAtOnce) return;
  err(
    colours.yellow(
      `warning: --max-concurrency ${maxConcurrency}: local mode runs at most ${mostDeploymentsAtOnce} deployments at once`,
    ),
  );
}

function refuse(error: CertferryError, options: RolloutOptions, terminal: Terminal): number {
  if (options.json !== true) {
    printRefusal('refused', error, terminal);
    return rolloutExitCodes.refused;
  }
  terminal.out(
    JSON.stringify({
      rolloutId: null,
      certificate: options.certificate ?? null,
      fingerprint: null,
      outcome: 'refused',
      summary: `the bundle is refused: ${error.message}`,
      reason: error.name,
      total: 0,
      counts: {},
      waves: [],
      durationMs: 0,
    }),
  );
  return rolloutExitCodes.refused;
}
