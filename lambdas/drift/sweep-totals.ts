import type { Condition, Finding } from '../../core/drift/drift.ts';
import type { Measured } from '../../core/drift/measured.ts';

const drifting: ReadonlySet<Condition> = new Set(['drift', 'outdated']);

/** What is counted of one target. */
export function measured({ condition, daysToExpiry }: Finding): Measured {
  return {
    daysToExpiry,
    drift: drifting.has(condition) ? 1 : 0,
    chainIncomplete: condition === 'chain_incomplete' ? 1 : 0,
    unreachable: condition === 'unreachable' ? 1 : 0,
  };
}

/** Of these targets together. */
export const sumOf = (findings: readonly Finding[]): Measured => together(findings.map(measured));

/** Added up. */
export function together(each: readonly Measured[]): Measured {
  const days = each.map(({ daysToExpiry }) => daysToExpiry).filter((one) => one !== null);
  const total = (of: (one: Measured) => number) => each.reduce((sum, one) => sum + of(one), 0);
  return {
    daysToExpiry: days.length === 0 ? null : days.reduce((least, one) => Math.min(least, one)),
    drift: total(({ drift }) => drift),
    chainIncomplete: total(({ chainIncomplete }) => chainIncomplete),
    unreachable: total(({ unreachable }) => unreachable),
  };
}
