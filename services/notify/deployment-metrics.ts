import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { HistoryItem } from '../history/history.ts';

/** What the dashboard and the alarms know of deployments. Never throws, never waits. */
export interface DeploymentMetrics {
  /** Called each time that a deployment does not get its locks; milliseconds that it has waited so far. */
  waits(milliseconds: number): void;
  /** Called once for a deployment, by whoever wrote its history item. */
  ended(item: Pick<HistoryItem, 'outcome' | 'durations'>): void;
}

/** Metrics of what some deployments have, by the name of the duration in their history item. */
const phases = {
  LockWaitMs: 'lockWaitMs',
  PushMs: 'pushMs',
  VerifyMs: 'verifyMs',
  RollbackMs: 'rollbackMs',
} as const;

/**
 * Metrics in the embedded metric format (no API call): `Deployments` by `outcome`; `DurationMs` from the start of the
 * execution to its end, and `LockWaitMs` of those that got their locks or gave up, `PushMs`, `VerifyMs` and `RollbackMs`
 * of those that came so far. `LockWaitingMs` is apart from that: of one deployment it comes many times, which would bend
 * the other's percentiles. All have the dimension `service`.
 */
export function createDeploymentMetrics(metrics: Metrics): DeploymentMetrics {
  return {
    waits(milliseconds) {
      metrics.singleMetric().addMetric('LockWaitingMs', MetricUnit.Milliseconds, milliseconds);
    },
    ended({ outcome, durations }) {
      metrics.singleMetric().addDimension('outcome', outcome).addMetric('Deployments', MetricUnit.Count, 1);
      metrics.singleMetric().addMetric('DurationMs', MetricUnit.Milliseconds, durations.totalMs);
      for (const [name, duration] of Object.entries(phases)) {
        const milliseconds = durations[duration] ?? null;
        if (milliseconds === null) continue;
        metrics.singleMetric().addMetric(name, MetricUnit.Milliseconds, milliseconds);
      }
    },
  };
}
