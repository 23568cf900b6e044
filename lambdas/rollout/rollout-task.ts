import * as z from 'zod/mini';
import { ExecutionContext } from '../../core/deployment/task-input.ts';
import { RolloutState } from '../../core/rollout/rollout.ts';

/** Input of every task of a rollout after ResolveCertificate. */
export const RolloutTask = z.object({ execution: ExecutionContext, state: RolloutState });
export type RolloutTask = z.infer<typeof RolloutTask>;
