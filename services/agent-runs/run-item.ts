import * as z from 'zod/mini';
import type { Invocation } from '../ssm/commands.ts';

/**
 * Item `run#<id>` of the table `locks`: one run of the function that runs the agent. It has no secrets.
 *
 * - `job`: the text of the job (`core/deployment/run.ts`).
 * - `startBefore`: a run that starts later does nothing. `runUntil`: the function is stopped at this time. Epoch milliseconds.
 * - `output`: the line of the agent; empty without a result. `errors`: the reason then.
 */
export const RunItem = z.object({
  runId: z.string(),
  job: z.string(),
  comment: z.string(),
  status: z.enum(['waiting', 'running', 'ended']),
  startBefore: z.int(),
  runUntil: z._default(z.nullable(z.int()), null),
  output: z._default(z.string(), ''),
  errors: z._default(z.string(), ''),
});
export type RunItem = z.infer<typeof RunItem>;

export const runKey = (runId: string) => ({ pk: `run#${runId}` });

/** Tolerance for clocks that differ, in milliseconds. */
const clockMargin = 30_000;

/**
 * The run as SSM would report a command. No process records that a function died, so the time shows it: a function never runs
 * longer than its timeout.
 */
export function invocationOf(run: RunItem, now: Date): Invocation {
  const { status, output, errors, startBefore, runUntil } = run;
  const isOver = (time: number) => now.getTime() > time + clockMargin;
  if (status === 'ended') return { status: output === '' ? 'Failed' : 'Success', output, errors };
  if (status === 'waiting')
    return isOver(startBefore)
      ? { status: 'DeliveryTimedOut', output: '', errors: 'the function did not start in time' }
      : { status: 'Pending', output: '', errors: '' };
  return runUntil !== null && isOver(runUntil)
    ? { status: 'ExecutionTimedOut', output: '', errors: 'the function stopped without a result' }
    : { status: 'InProgress', output: '', errors: '' };
}
