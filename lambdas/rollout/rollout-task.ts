import * as z from 'zod/mini';
import { ExecutionContext } from '../../core/deployment/task-input.ts';
import { RolloutState } from '../../core/rollout/rollout.ts';

/** What every state of a rollout that has begun gives its task. */
export const RolloutTask = z.object({ execution: ExecutionContext, state: RolloutState });
export type RolloutTask = z.infer<typeof RolloutTask>;
