import type { SweepCursor } from '../../services/registry/sweep-cursor.ts';
import { addCounts, type CountedFinding, countsOf } from './sweep-totals.ts';

/** The findings of one sweep in their order. It starts after the cursor and continues from the first target. */
export interface SweepRun {
  /** Number of all targets, with those that the sweep did not reach. */
  readonly targets: number;
  /** Number of targets from the cursor to the end of the order. */
  readonly toEnd: number;
  /** Findings up to the first target that the sweep did not reach. */
  readonly findings: readonly CountedFinding[];
  /** Where the sweep stopped; null when it reached all targets. */
  readonly reached: string | null;
}

/**
 * The counts of ALL targets, and the cursor for the next sweep. The counts are null until every target was probed since the
 * counts were last complete, so that a healthy part never hides a problem in the rest.
 */
export function advanceCursor(cursor: SweepCursor, { targets, toEnd, findings, reached }: SweepRun) {
  if (findings.length === targets)
    return { complete: countsOf(findings), cursor: { reached: null, carried: null } };
  const startsAtFirst = cursor.reached === null || toEnd === targets;
  const carried = startsAtFirst ? countsOf([]) : cursor.carried;
  const upToEnd = carried && addCounts([carried, countsOf(findings.slice(0, toEnd))]);
  if (findings.length < toEnd) return { complete: null, cursor: { reached, carried: upToEnd } };
  return { complete: upToEnd, cursor: { reached, carried: countsOf(findings.slice(toEnd)) } };
}
