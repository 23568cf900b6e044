import {
  type EndedWave,
  hasReturned,
  needsReport,
  type Result,
  wasGone,
  wasSkipped,
} from './deployment-results.ts';

/** Number of targets by outcome, and how many forward deployments failed or could not be probed. */
export interface OutcomeCounts {
  readonly counts: Record<string, number>;
  readonly failed: number;
}

/**
 * Counts each target once, by the outcome of its last forward deployment. A target that the rollout rolled back counts as
 * `returned`, and one whose rollback failed as `not_returned`. If its host was gone by then, it counts as `gone`. If another
 * deployment superseded the rollback, the forward outcome counts. `skipped` counts only if the target has no other outcome.
 */
export function countOutcomes(waves: readonly EndedWave[]): OutcomeCounts {
  const forward = lastResults(waves, 'forward');
  const back = lastResults(waves, 'rollback');
  const counts: Record<string, number> = {};
  for (const [targetId, result] of forward) {
    const name = nameOf(result, back.get(targetId));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return { counts, failed: remainingFailures(waves).length };
}

/** The results among the last forward deployments of all targets that failed, or whose probe could not be made. */
export function remainingFailures(waves: readonly EndedWave[]): Result[] {
  return [...lastResults(waves, 'forward').values()].filter(needsReport);
}

function nameOf(forward: Result, rollback: Result | undefined): string {
  const isSuperseded = rollback?.outcome === 'superseded';
  if (rollback !== undefined && wasGone(rollback)) return rollback.outcome;
  if (rollback !== undefined && !isSuperseded) return hasReturned(rollback) ? 'returned' : 'not_returned';
  return wasSkipped(forward) ? 'skipped' : forward.outcome;
}

/** The last result of each target; a skipped deployment does not replace an earlier result. */
function lastResults(waves: readonly EndedWave[], direction: EndedWave['direction']): Map<string, Result> {
  const last = new Map<string, Result>();
  for (const result of waves
    .filter((wave) => wave.direction === direction)
    .flatMap(({ results }) => results)) {
    if (!wasSkipped(result) || !last.has(result.targetId)) last.set(result.targetId, result);
  }
  return last;
}
