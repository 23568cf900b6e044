import type { Condition, Finding } from '../../core/drift/drift.ts';
import type { Measured } from '../../core/drift/measured.ts';

const countedAsDrift: ReadonlySet<Condition> = new Set(['drift', 'outdated']);

/** The metric values of one target. */
export function countOf({ condition, daysToExpiry }: Finding): Measured {
  return {
    daysToExpiry,
    drift: countedAsDrift.has(condition) ? 1 : 0,
    chainIncomplete: condition === 'chain_incomplete' ? 1 : 0,
    unreachable: condition === 'unreachable' ? 1 : 0,
  };
}

/** The metric values of several targets together. */
export const countsOf = (findings: readonly Finding[]): Measured => addCounts(findings.map(countOf));

/** Sums the counts; `daysToExpiry` is the smallest. */
export function addCounts(each: readonly Measured[]): Measured {
  const days = each.map(({ daysToExpiry }) => daysToExpiry).filter((one) => one !== null);
  const total = (of: (one: Measured) => number) => each.reduce((sum, one) => sum + of(one), 0);
  return {
    daysToExpiry: days.length === 0 ? null : days.reduce((least, one) => Math.min(least, one)),
    drift: total(({ drift }) => drift),
    chainIncomplete: total(({ chainIncomplete }) => chainIncomplete),
    unreachable: total(({ unreachable }) => unreachable),
  };
}
