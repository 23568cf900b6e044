import type { Finding } from '../../core/drift/drift.ts';
import type { SweepCursor } from '../../services/registry/sweep-cursor.ts';
import { sumOf, together } from './sweep-totals.ts';

/** What one run found, in the order it looked, beginning after the cursor and going on from the first target. */
export interface Run {
  /** Every target, those included that there was no time for. */
  readonly targets: number;
  /** Of the targets, how many come before the order begins again with the first one. */
  readonly toEnd: number;
  /** Of those it saw without a gap. */
  readonly findings: readonly Finding[];
  /** Where it stopped; null when it saw everything. */
  readonly reached: string | null;
}

/**
 * The numbers of ALL targets, or null as long as some of them were not seen since the numbers were last complete: a part
 * that is well says nothing of the rest. With them, the cursor for the next run.
 */
export function advanceCursor(before: SweepCursor, { targets, toEnd, findings, reached }: Run) {
  if (findings.length === targets)
    return { complete: sumOf(findings), cursor: { reached: null, carried: null } };
  const fromFirst = before.reached === null || toEnd === targets;
  const carried = fromFirst ? sumOf([]) : before.carried;
  const upToEnd = carried && together([carried, sumOf(findings.slice(0, toEnd))]);
  if (findings.length < toEnd) return { complete: null, cursor: { reached, carried: upToEnd } };
  return { complete: upToEnd, cursor: { reached, carried: sumOf(findings.slice(toEnd)) } };
}
