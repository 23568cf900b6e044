import { type EndedWave, hasFailed, type Result, wasSkipped } from './results.ts';

/** Targets by how they ended, and how many ended badly on the way forward. */
export interface Tally {
  readonly counts: Record<string, number>;
  readonly failed: number;
}

/**
 * Each target once, by the outcome of its last deployment forward; one that was put back, or should have been, as
 * `put_back` or `not_put_back`; not one that somebody deployed to before its turn to be put back came. Being skipped
 * counts for those only that nothing else happened to.
 */
export function tallyOf(waves: readonly EndedWave[]): Tally {
  const forward = lastResults(waves, 'forward');
  const back = lastResults(waves, 'back');
  const counts: Record<string, number> = {};
  for (const [targetId, result] of forward) {
    const name = nameOf(result, back.get(targetId));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return { counts, failed: failuresLeft(waves).length };
}

/** Targets whose last deployment forward ended badly, by that. */
export function failuresLeft(waves: readonly EndedWave[]): Result[] {
  return [...lastResults(waves, 'forward').values()].filter(
    (result) => hasFailed(result) && !wasSkipped(result),
  );
}

function nameOf(forward: Result, back: Result | undefined): string {
  const isTheirs = back?.outcome === 'superseded';
  if (back !== undefined && !isTheirs)
    return wasSkipped(back) || hasFailed(back) ? 'not_put_back' : 'put_back';
  return wasSkipped(forward) ? 'skipped' : forward.outcome;
}

/** The last result of each target; one of a deployment that began stands before one that was skipped. */
function lastResults(waves: readonly EndedWave[], direction: EndedWave['direction']): Map<string, Result> {
  const last = new Map<string, Result>();
  for (const result of waves
    .filter((wave) => wave.direction === direction)
    .flatMap(({ results }) => results)) {
    if (!wasSkipped(result) || !last.has(result.targetId)) last.set(result.targetId, result);
  }
  return last;
}
