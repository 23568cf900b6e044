import type { SweepMetrics } from '../../services/notify/sweep-metrics.ts';
import type { Sweep, SweepResult } from './sweep-targets.ts';
import { countOf, countsOf } from './sweep-totals.ts';

/**
 * Above this number, targets get no metrics of their own, because CloudWatch charges for each metric. The metrics of
 * certificates and of all targets remain.
 */
export const maximumTargetMetrics = 500;

/**
 * Publishes the metrics of all targets (once every target was probed), of each certificate whose targets were all probed,
 * and of single targets up to the maximum. An incomplete sweep must not end an alarm that another target has raised.
 */
export function publishSweepMetrics({ swept, complete, incomplete }: Sweep, metrics: SweepMetrics): void {
  if (complete !== null) metrics.publish({}, complete);
  for (const [certificate, targets] of byCertificate(swept)) {
    if (incomplete.has(certificate)) continue;
    metrics.publish({ certificate }, countsOf(targets.map(({ finding }) => finding)));
  }
  if (swept.length > maximumTargetMetrics) return;
  for (const { registered, id, finding } of swept) {
    metrics.publish({ certificate: registered.certificate, target: id }, countOf(finding));
  }
}

/** Sorted by the name of the certificate. */
export function byCertificate(swept: readonly SweepResult[]): [string, SweepResult[]][] {
  const all = Map.groupBy(swept, ({ registered }) => registered.certificate);
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}
