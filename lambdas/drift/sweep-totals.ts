import type { DriftCounts } from '../../core/drift/drift-counts.ts';
import type { Condition, ExpectedVersions, Finding } from '../../core/drift/finding.ts';

/** A finding, and whether a rollout of its certificate is running. */
export interface CountedFinding {
  readonly finding: Pick<Finding, 'condition' | 'daysToExpiry'>;
  readonly status: { readonly due: Pick<ExpectedVersions, 'rollout'> };
}

const countedAsDrift: ReadonlySet<Condition> = new Set(['drift', 'outdated']);

/** The metric values of one target. A running rollout may be about to deploy to a new target, so it does not count. */
function countOf({ finding: { condition, daysToExpiry }, status: { due } }: CountedFinding): DriftCounts {
  const awaitsRollout = due.rollout?.running === true;
  return {
    daysToExpiry,
    drift: countedAsDrift.has(condition) ? 1 : 0,
    chainIncomplete: condition === 'chain_incomplete' ? 1 : 0,
    unreachable: condition === 'unreachable' ? 1 : 0,
    neverDeployed: condition === 'never_deployed' && !awaitsRollout ? 1 : 0,
  };
}

/** The metric values of several targets together. */
export const countsOf = (results: readonly CountedFinding[]): DriftCounts => addCounts(results.map(countOf));

/** Sums the counts; `daysToExpiry` is the smallest. */
export function addCounts(each: readonly DriftCounts[]): DriftCounts {
  const days = each.map(({ daysToExpiry }) => daysToExpiry).filter((one) => one !== null);
  const total = (of: (one: DriftCounts) => number) => each.reduce((sum, one) => sum + of(one), 0);
  return {
    daysToExpiry: days.length === 0 ? null : days.reduce((least, one) => Math.min(least, one)),
    drift: total(({ drift }) => drift),
    chainIncomplete: total(({ chainIncomplete }) => chainIncomplete),
    unreachable: total(({ unreachable }) => unreachable),
    neverDeployed: total(({ neverDeployed }) => neverDeployed),
  };
}
