import { type DeploymentOutcome, type OutcomeMeaning, outcomeMeanings } from '../deployment/outcome.ts';

/** How one deployment of a wave ended. `outcome` is a deployment's where it recorded one, else an error's name. */
export interface Result {
  readonly targetId: string;
  readonly status: string;
  readonly outcome: string;
  readonly summary: string;
}

/** A wave whose deployments have ended. */
export interface EndedWave {
  readonly number: number;
  readonly direction: 'forward' | 'back';
  readonly results: readonly Result[];
}

const meaningOf = (outcome: string): OutcomeMeaning | null =>
  Object.hasOwn(outcomeMeanings, outcome) ? outcomeMeanings[outcome as DeploymentOutcome] : null;

/** Whether it counts against what is tolerated. */
export function hasFailed({ status, outcome }: Result): boolean {
  return status !== 'SUCCEEDED' || meaningOf(outcome)?.succeeded !== true;
}

/** Whether the target had no turn: its deployment saw that the rollout was halted, or was never started. */
export function wasSkipped({ status, outcome }: Result): boolean {
  return outcome === 'skipped' || status === 'PENDING';
}

/** Whether it brought the new version to its target. */
export function hasChanged({ outcome }: Result): boolean {
  return outcome === 'deployed' || outcome === 'deployed_unverified';
}

/** Whether nobody knows what the target serves since. */
export function isUnsure(result: Result): boolean {
  if (wasSkipped(result)) return false;
  const meaning = meaningOf(result.outcome);
  return meaning === null || meaning.needsPerson;
}

/** The targets that had their turn: not those that were skipped, nor those that failed before the rollout was resumed. */
export function hadTheirTurn(waves: readonly EndedWave[], sinceWave: number): Set<string> {
  const done = waves
    .filter(({ direction }) => direction === 'forward')
    .flatMap(({ number, results }) =>
      results.filter((result) => !wasSkipped(result) && (number > sinceWave || !hasFailed(result))),
    );
  return new Set(done.map(({ targetId }) => targetId));
}

/** How many deployments failed in the forward waves after `sinceWave`. A skipped one has not failed. */
export function failuresIn(waves: readonly EndedWave[], sinceWave: number): number {
  const counted = waves.filter(({ number, direction }) => direction === 'forward' && number > sinceWave);
  return counted.flatMap(({ results }) => results).filter((one) => hasFailed(one) && !wasSkipped(one)).length;
}

/**
 * How several attempts at one target ended, one after the other. One that was skipped leaves what was before it, and what
 * one that broke off has changed is found `unchanged` by the next.
 */
export function settledBy<Found extends Result>(before: Found | undefined, result: Found): Found {
  if (before === undefined) return result;
  if (wasSkipped(result)) return before;
  const isOurs = isUnsure(before) || hasChanged(before);
  return isOurs && result.outcome === 'unchanged' ? { ...result, outcome: 'deployed' } : result;
}

/**
 * One result for each deployment that a wave consists of, in their order: what the Map says of it, or `lost` where the
 * Map says nothing that could be read. `results` are in the order in which they came.
 */
export function oneForEach<Found extends Result>(
  targetIds: readonly string[],
  results: readonly Found[],
  missing: (targetId: string) => Found,
): Found[] {
  const found = new Map<string, Found>();
  for (const result of results) found.set(result.targetId, settledBy(found.get(result.targetId), result));
  return targetIds.map((targetId) => found.get(targetId) ?? missing(targetId));
}
