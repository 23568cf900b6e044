import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { HistoryItem } from '../history/history.ts';

/** Metrics of deployments for the dashboard and alarms. Never throws, never waits. */
export interface DeploymentMetrics {
  /** Call this whenever a deployment does not get its locks. `milliseconds`: its waiting time so far. */
  waits(milliseconds: number): void;
  /** Call this once per deployment, after its history item was written. */
  ended(item: Pick<HistoryItem, 'outcome' | 'durations'>): void;
}

/** Metrics of phases that not every deployment has, and their durations in the history item. */
const phases = {
  LockWaitMs: 'lockWaitMs',
  PushMs: 'pushMs',
  VerifyMs: 'verifyMs',
  RollbackMs: 'rollbackMs',
} as const;

/**
 * Metrics in the embedded metric format (no API call), with the dimension `service`:
 * - `Deployments` by `outcome`
 * - `DurationMs`: from the start of the execution to its end
 * - `LockWaitMs`: for deployments that got their locks or gave up
 * - `PushMs`, `VerifyMs`, `RollbackMs`: for deployments that had these phases
 * - `LockWaitingMs`: published several times per deployment, so it is separate from the percentiles of `LockWaitMs`
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
