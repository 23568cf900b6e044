import { type DeploymentOutcome, type OutcomeMeaning, outcomeMeanings } from '../deployment/outcome.ts';

/** The result of one deployment of a wave. `outcome`: its recorded outcome, or the name of an error if there is none. */
export interface Result {
  readonly targetId: string;
  readonly status: string;
  readonly outcome: string;
  readonly summary: string;
}

/** A wave whose deployments have all ended. */
export interface EndedWave {
  readonly number: number;
  readonly direction: 'forward' | 'rollback';
  readonly results: readonly Result[];
}

const meaningOf = (outcome: string): OutcomeMeaning | null =>
  Object.hasOwn(outcomeMeanings, outcome) ? outcomeMeanings[outcome as DeploymentOutcome] : null;

/** Whether it counts against `toleratedFailures`. A deployment whose probe could not be made has not failed. */
export function hasFailed(result: Result): boolean {
  if (isUnprobed(result)) return false;
  return result.status !== 'SUCCEEDED' || meaningOf(result.outcome)?.succeeded !== true;
}

/** Whether the probe of its endpoint could not be made: the version is installed, and it is unknown what is served. */
const isUnprobed = ({ outcome }: Result): boolean => outcome === 'deployed_unprobed';

/** Whether operators must know of it: it failed, or its probe could not be made. */
export function needsReport(result: Result): boolean {
  return (hasFailed(result) && !wasSkipped(result)) || isUnprobed(result);
}

/** Whether a deployment of a rollback has returned its target to the previous version, and verified it. */
export function hasReturned(rollback: Result): boolean {
  return !hasFailed(rollback) && !wasSkipped(rollback) && !isUnprobed(rollback);
}

/** Whether nothing was deployed: the rollout was halted before the deployment, or the deployment never started. */
export function wasSkipped({ status, outcome }: Result): boolean {
  return outcome === 'skipped' || status === 'PENDING';
}

/** Whether the host was gone: neither a success nor a failure. */
export const wasGone = ({ outcome }: Result): boolean => outcome === 'gone';

/** Whether it installed the new version. */
export function hasChanged({ outcome }: Result): boolean {
  return installing.has(outcome);
}

const installing: ReadonlySet<string> = new Set<DeploymentOutcome>([
  'deployed',
  'deployed_unverified',
  'deployed_unprobed',
]);

const unknownStates: ReadonlySet<OutcomeMeaning['hostState']> = new Set(['known bad', 'unknown']);

/** Whether the version on the target is unknown or known to be wrong afterwards. */
export function isHostStateUnknown(result: Result): boolean {
  if (wasSkipped(result)) return false;
  const meaning = meaningOf(result.outcome);
  return meaning === null || unknownStates.has(meaning.hostState);
}

/** A host that is found by each plan and gone at each delivery gets this many attempts. Two services then disagree about it. */
const maximumGone = 3;

/**
 * The ids of targets that need no further attempt: neither skipped, nor failed before the rollout was resumed. A host that was
 * gone and has come back, for example from a warm pool, gets another attempt.
 */
export function attemptedTargets(waves: readonly EndedWave[], sinceWave: number): Set<string> {
  const counted = waves
    .filter(({ direction }) => direction === 'forward')
    .flatMap(({ number, results }) =>
      results.filter((result) => !wasSkipped(result) && (number > sinceWave || !hasFailed(result))),
    );
  const timesGone = new Map<string, number>();
  for (const { targetId } of counted.filter(wasGone)) {
    timesGone.set(targetId, (timesGone.get(targetId) ?? 0) + 1);
  }
  const done = counted.filter(
    (result) => !wasGone(result) || (timesGone.get(result.targetId) ?? 0) >= maximumGone,
  );
  return new Set(done.map(({ targetId }) => targetId));
}

/** The number of failed deployments in forward waves after `sinceWave`. A skipped deployment is not a failure. */
export function failuresIn(waves: readonly EndedWave[], sinceWave: number): number {
  return countedResults(waves, sinceWave).filter((one) => hasFailed(one) && !wasSkipped(one)).length;
}

/** The number of deployments in forward waves after `sinceWave` whose probe could not be made. */
export function unprobedIn(waves: readonly EndedWave[], sinceWave: number): number {
  return countedResults(waves, sinceWave).filter(isUnprobed).length;
}

function countedResults(waves: readonly EndedWave[], sinceWave: number): Result[] {
  return waves
    .filter(({ number, direction }) => direction === 'forward' && number > sinceWave)
    .flatMap(({ results }) => results);
}

/**
 * Merges the results of two consecutive deployments to one target. A skipped deployment keeps the earlier result.
 * `unchanged` after a deployment that installed the version, or was aborted, counts as `deployed`.
 */
export function mergeResults<Found extends Result>(before: Found | undefined, result: Found): Found {
  if (before === undefined) return result;
  if (wasSkipped(result)) return before;
  const mayHaveInstalled = isHostStateUnknown(before) || hasChanged(before);
  return mayHaveInstalled && result.outcome === 'unchanged' ? { ...result, outcome: 'deployed' } : result;
}

/**
 * One result per target of a wave, in the order of `targetIds`. `results` are those of the Map, in the order of arrival;
 * `missing` makes the result of a target without a readable one.
 */
export function resultPerTarget<Found extends Result>(
  targetIds: readonly string[],
  results: readonly Found[],
  missing: (targetId: string) => Found,
): Found[] {
  const found = new Map<string, Found>();
  for (const result of results) found.set(result.targetId, mergeResults(found.get(result.targetId), result));
  return targetIds.map((targetId) => found.get(targetId) ?? missing(targetId));
}
