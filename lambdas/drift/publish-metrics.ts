import type { SweepMetrics } from '../../services/notify/sweep-metrics.ts';
import type { Sweep, Swept } from './sweep-targets.ts';
import { measured, sumOf } from './sweep-totals.ts';

/**
 * With more targets than this each of them no longer gets numbers of its own: CloudWatch charges for every one of them,
 * and nobody draws a thousand curves. Their certificates and the whole still do.
 */
export const maximumTargetMetrics = 500;

/**
 * Publishes a sweep's numbers: of everything once every target was seen, of each certificate all of whose targets were,
 * and of each target where there are not too many. A part that is well must not end an alarm that the rest has raised.
 */
export function publishSweepMetrics({ swept, complete, cut }: Sweep, measures: SweepMetrics): void {
  if (complete !== null) measures.publish({}, complete);
  for (const [certificate, its] of byCertificate(swept)) {
    if (!cut.has(certificate)) measures.publish({ certificate }, sumOf(its.map(({ finding }) => finding)));
  }
  if (swept.length > maximumTargetMetrics) return;
  for (const { registered, id, finding } of swept) {
    measures.publish({ certificate: registered.certificate, target: id }, measured(finding));
  }
}

/** In the order of their names. */
export function byCertificate(swept: readonly Swept[]): [string, Swept[]][] {
  const all = Map.groupBy(swept, ({ registered }) => registered.certificate);
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}
