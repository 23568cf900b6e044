import * as z from 'zod/mini';
import { Deployment } from '../../core/deployment/deployment.ts';

/** The part of the context object that AcquireLock and the recording states are given. */
export const ExecutionContext = z.object({ id: z.string(), name: z.string(), startedAt: z.string() });
export type ExecutionContext = z.infer<typeof ExecutionContext>;

/** What every state that waits for a host is given. */
export const WaitingState = z.object({ taskToken: z.string(), deployment: Deployment });
export type WaitingState = z.infer<typeof WaitingState>;

/** What a handler says that nobody's path reads: for the log and for those who call it by hand. */
export const Said = z.object({ summary: z.string() });
export type Said = z.infer<typeof Said>;
