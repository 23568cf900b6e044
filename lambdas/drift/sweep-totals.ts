import type { DriftCounts } from '../../core/drift/drift-counts.ts';
import type { Condition, Finding } from '../../core/drift/finding.ts';

const countedAsDrift: ReadonlySet<Condition> = new Set(['drift', 'outdated']);

/** The metric values of one target. */
export function countOf({ condition, daysToExpiry }: Finding): DriftCounts {
  return {
    daysToExpiry,
    drift: countedAsDrift.has(condition) ? 1 : 0,
    chainIncomplete: condition === 'chain_incomplete' ? 1 : 0,
    unreachable: condition === 'unreachable' ? 1 : 0,
  };
}

/** The metric values of several targets together. */
export const countsOf = (findings: readonly Finding[]): DriftCounts => addCounts(findings.map(countOf));

/** Sums the counts; `daysToExpiry` is the smallest. */
export function addCounts(each: readonly DriftCounts[]): DriftCounts {
  const days = each.map(({ daysToExpiry }) => daysToExpiry).filter((one) => one !== null);
  const total = (of: (one: DriftCounts) => number) => each.reduce((sum, one) => sum + of(one), 0);
  return {
    daysToExpiry: days.length === 0 ? null : days.reduce((least, one) => Math.min(least, one)),
    drift: total(({ drift }) => drift),
    chainIncomplete: total(({ chainIncomplete }) => chainIncomplete),
    unreachable: total(({ unreachable }) => unreachable),
  };
}
