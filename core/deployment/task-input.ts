import * as z from 'zod/mini';
import { Deployment } from './deployment.ts';

/** The part of the context object that AcquireLock and the recording states receive. */
export const ExecutionContext = z.object({ id: z.string(), name: z.string(), startedAt: z.string() });
export type ExecutionContext = z.infer<typeof ExecutionContext>;

/** The input of every state that waits for a host. */
export const WaitingState = z.object({ taskToken: z.string(), deployment: Deployment });
export type WaitingState = z.infer<typeof WaitingState>;

/** The result of a handler whose output no state reads: a summary for the log. */
export const TaskSummary = z.object({ summary: z.string() });
export type TaskSummary = z.infer<typeof TaskSummary>;
