import { createRolloutMetrics } from '../services/rollout-metrics.ts';
import { metrics } from './metrics.ts';
import { once } from './once.ts';

/** Numbers of rollouts. */
export const rolloutMetrics = once(() => createRolloutMetrics(metrics()));
