import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DriftCounts } from '../../core/drift/drift-counts.ts';

/** One target, all targets of a certificate, or all targets (no dimensions). */
export interface MetricDimensions {
  readonly certificate?: string;
  readonly target?: string;
}

/** Metrics of the drift sweep for dashboards and alarms. Never throws, never waits. */
export interface SweepMetrics {
  publish(dimensions: MetricDimensions, values: DriftCounts): void;
}

/**
 * CloudWatch metrics in the namespace of `metrics` (embedded metric format: no API call): `DaysToExpiry`, `Drift`,
 * `ChainIncomplete` and `Unreachable`. Each has exactly the given dimensions; those of all targets together have none.
 */
export function createSweepMetrics(metrics: Metrics): SweepMetrics {
  metrics.clearDefaultDimensions();
  return {
    publish(dimensions, { daysToExpiry, drift, chainIncomplete, unreachable }) {
      // an empty set counts as one set of dimensions; without a set nothing would be recorded
      metrics.addDimensions({ ...dimensions });
      if (daysToExpiry !== null) metrics.addMetric('DaysToExpiry', MetricUnit.NoUnit, daysToExpiry);
      metrics.addMetric('Drift', MetricUnit.Count, drift);
      metrics.addMetric('ChainIncomplete', MetricUnit.Count, chainIncomplete);
      metrics.addMetric('Unreachable', MetricUnit.Count, unreachable);
      metrics.publishStoredMetrics();
    },
  };
}
