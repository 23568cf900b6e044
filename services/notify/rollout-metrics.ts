import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';

/** Metrics of rollouts for the dashboard and alarms. Never throws, never waits. */
export interface RolloutMetrics {
  /** Counts `halted` at each halt of a rollout. */
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
