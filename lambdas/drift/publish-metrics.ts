import { cutText } from '../../core/bounds/cut-text.ts';
import type { Condition } from '../../core/drift/finding.ts';
import type { SweepDetails, SweepMetrics } from '../../services/notify/sweep-metrics.ts';
import type { Sweep, SweepResult } from './sweep-targets.ts';
import { countsOf } from './sweep-totals.ts';

/** Both keep the log line below 256 KiB: longer lines of a function may be split, and their metrics would be lost. */
const maximumListed = 100;
const maximumSummaryBytes = 500;

/**
 * Publishes the metrics of all targets once every target was probed, and the details in the same log line. An incomplete
 * sweep must not end an alarm that another target has raised, so it publishes its details only.
 */
export function publishSweepMetrics(sweep: Sweep, metrics: SweepMetrics): void {
  metrics.publish(sweep.complete, detailsOf(sweep));
}

function detailsOf({ swept, unresolved, reached }: Sweep): SweepDetails {
  const certificates = byCertificate(swept).map(([certificate, targets]) => ({
    certificate,
    targets: targets.length,
    ...countsOf(targets),
  }));
  const notOk = swept.filter(({ finding }) => !isHealthy(finding.condition)).map(listed);
  return {
    swept: swept.length,
    reached,
    unresolved: unresolved.slice(0, maximumListed).map(({ registered }) => registered.id),
    certificates: certificates.slice(0, maximumListed),
    notOk: notOk.slice(0, maximumListed),
    omitted: Math.max(0, certificates.length - maximumListed) + Math.max(0, notOk.length - maximumListed),
  };
}

const isHealthy = (condition: Condition) => condition === 'ok' || condition === 'not_probed';

const listed = ({ id, registered: { certificate }, finding: { condition, summary } }: SweepResult) => ({
  targetId: id,
  certificate,
  condition,
  summary: cutText(summary, maximumSummaryBytes, 'ends'),
});

/** Sorted by the name of the certificate. */
export function byCertificate(swept: readonly SweepResult[]): [string, SweepResult[]][] {
  const all = Map.groupBy(swept, ({ registered }) => registered.certificate);
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}
