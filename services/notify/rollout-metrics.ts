import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';

/** What the dashboard and the alarms know of rollouts. Never throws, never waits. */
export interface RolloutMetrics {
  /** `halted` is counted each time that a rollout halts. */
  ended(outcome: RolloutOutcome): void;
}

/** Metric `Rollouts` by `outcome`, in the embedded metric format (no API call). */
export function createRolloutMetrics(metrics: Metrics): RolloutMetrics {
  return {
    ended(outcome) {
      metrics.singleMetric().addDimension('outcome', outcome).addMetric('Rollouts', MetricUnit.Count, 1);
    },
  };
}
