import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Measured } from '../../core/drift/measured.ts';

/** Whose measure it is: of one target, of a certificate's targets together, or of all (nothing said). */
export interface MetricDimensions {
  readonly certificate?: string;
  readonly target?: string;
}

/** Numbers for dashboards and alarms. Never throws, never waits. */
export interface SweepMetrics {
  publish(of: MetricDimensions, measured: Measured): void;
}

/**
 * SweepMetrics as CloudWatch metrics in the namespace of `metrics` (embedded metric format: no API call): `DaysToExpiry`,
 * `Drift`, `ChainIncomplete` and `Unreachable`, each with exactly the dimensions that were said, so that those of all
 * targets together have none.
 */
export function createSweepMetrics(metrics: Metrics): SweepMetrics {
  metrics.clearDefaultDimensions();
  return {
    publish(of, { daysToExpiry, drift, chainIncomplete, unreachable }) {
      // an empty set of dimensions is one set, without which nothing would be recorded
      metrics.addDimensions({ ...of });
      if (daysToExpiry !== null) metrics.addMetric('DaysToExpiry', MetricUnit.NoUnit, daysToExpiry);
      metrics.addMetric('Drift', MetricUnit.Count, drift);
      metrics.addMetric('ChainIncomplete', MetricUnit.Count, chainIncomplete);
      metrics.addMetric('Unreachable', MetricUnit.Count, unreachable);
      metrics.publishStoredMetrics();
    },
  };
}
