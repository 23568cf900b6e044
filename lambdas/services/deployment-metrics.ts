import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { HistoryItem } from './history.ts';

/** What the dashboard knows of ended deployments. Never throws, never waits. */
export interface DeploymentMetrics {
  /** Called once for a deployment, by whoever wrote its history item. */
  ended(item: Pick<HistoryItem, 'outcome' | 'durations'>): void;
}

/**
 * Metrics in the embedded metric format (no API call): `Deployments` by `outcome`; `DurationMs` from the start of the
 * execution to its end, and `LockWaitMs` of those that got their target's lock. All have the dimension `service`.
 */
export function createDeploymentMetrics(metrics: Metrics): DeploymentMetrics {
  return {
    ended({ outcome, durations }) {
      metrics.singleMetric().addDimension('outcome', outcome).addMetric('Deployments', MetricUnit.Count, 1);
      metrics.singleMetric().addMetric('DurationMs', MetricUnit.Milliseconds, durations.totalMs);
      if (durations.lockWaitMs === null) return;
      metrics.singleMetric().addMetric('LockWaitMs', MetricUnit.Milliseconds, durations.lockWaitMs);
    },
  };
}
