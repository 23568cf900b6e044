import * as z from 'zod/mini';
import { RolloutState } from '../../core/rollout/rollout.ts';
import { ExecutionContext } from '../runtime/events.ts';

/** What every state of a rollout that has begun gives its task. */
export const RolloutTask = z.object({ execution: ExecutionContext, state: RolloutState });
export type RolloutTask = z.infer<typeof RolloutTask>;
