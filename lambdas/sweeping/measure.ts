import type { Condition, Finding } from '../../core/rollout/drift.ts';
import type { Measured, Measures } from '../services/measures.ts';
import type { Swept } from './sweep.ts';

/**
 * With more targets than this each of them no longer gets numbers of its own: CloudWatch charges for every one of them,
 * and nobody draws a thousand curves. Their certificates and the whole still do.
 */
export const mostMeasuredTargets = 500;

/** Publishes a sweep's numbers: of everything, of each certificate, and of each target where there are not too many. */
export function publishMeasures(swept: readonly Swept[], measures: Measures): void {
  measures.publish({}, sumOf(swept));
  for (const [certificate, its] of byCertificate(swept)) measures.publish({ certificate }, sumOf(its));
  if (swept.length > mostMeasuredTargets) return;
  for (const { registered, id, finding } of swept) {
    measures.publish({ certificate: registered.certificate, target: id }, measured(finding));
  }
}

/** In the order of their names. */
export function byCertificate(swept: readonly Swept[]): [string, Swept[]][] {
  const all = Map.groupBy(swept, ({ registered }) => registered.certificate);
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}

const drifting: ReadonlySet<Condition> = new Set(['drift', 'behind']);

function measured({ condition, daysToExpiry }: Finding): Measured {
  return {
    daysToExpiry,
    drift: drifting.has(condition) ? 1 : 0,
    chainIncomplete: condition === 'chain_incomplete' ? 1 : 0,
    unreachable: condition === 'unreachable' ? 1 : 0,
  };
}

function sumOf(swept: readonly Swept[]): Measured {
  const each = swept.map(({ finding }) => measured(finding));
  const days = each.map(({ daysToExpiry }) => daysToExpiry).filter((one) => one !== null);
  const total = (of: (one: Measured) => number) => each.reduce((sum, one) => sum + of(one), 0);
  return {
    daysToExpiry: days.length === 0 ? null : days.reduce((least, one) => Math.min(least, one)),
    drift: total(({ drift }) => drift),
    chainIncomplete: total(({ chainIncomplete }) => chainIncomplete),
    unreachable: total(({ unreachable }) => unreachable),
  };
}
