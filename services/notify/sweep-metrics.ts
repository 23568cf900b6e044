import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DriftCounts } from '../../core/drift/drift-counts.ts';
import { logger } from '../logger.ts';

/** The result of one sweep for its log line. Values may be nested: CloudWatch Logs Insights addresses them by path. */
export type SweepDetails = Readonly<Record<string, unknown>>;

/** Metrics of the drift sweep for alarms and the dashboard. Never throws, never waits. */
export interface SweepMetrics {
  /** `counts`: those of all targets; null when they are unknown. Then the details are logged without metrics. */
  publish(counts: DriftCounts | null, details: SweepDetails): void;
}

/**
 * One log line for each sweep. It contains the details, and the CloudWatch metrics `DaysToExpiry`, `Drift`,
 * `ChainIncomplete`, `Unreachable` and `NeverDeployed` in the namespace of `metrics` (embedded metric format: no API call).
 * The metrics have no dimensions: CloudWatch charges for each combination of a metric and its dimensions.
 */
export function createSweepMetrics(metrics: Metrics): SweepMetrics {
  metrics.clearDefaultDimensions();
  return {
    publish(counts, details) {
      if (counts === null) return logger.info('sweep of a part', details);
      const { daysToExpiry, drift, chainIncomplete, unreachable, neverDeployed } = counts;
      // an empty set counts as one set of dimensions; without a set nothing would be recorded
      metrics.addDimensions({});
      if (daysToExpiry !== null) metrics.addMetric('DaysToExpiry', MetricUnit.NoUnit, daysToExpiry);
      metrics.addMetric('Drift', MetricUnit.Count, drift);
      metrics.addMetric('ChainIncomplete', MetricUnit.Count, chainIncomplete);
      metrics.addMetric('Unreachable', MetricUnit.Count, unreachable);
      metrics.addMetric('NeverDeployed', MetricUnit.Count, neverDeployed);
      const line = { ...details, ...metrics.serializeMetrics() };
      metrics.clearMetrics();
      metrics.clearDimensions();
      process.stdout.write(`${JSON.stringify(line)}\n`);
    },
  };
}
