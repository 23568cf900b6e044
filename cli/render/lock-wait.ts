import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { causeText } from '../report/visits.ts';
import { duration } from './text.ts';

/** About the least time that the retries of AcquireLock take, in seconds. */
const usualLimitSeconds = 2400;

/** The name of the execution that holds the lock, if the event is a failed attempt to get it. */
export function lockHolder({ type, Error: error, Cause: cause }: ExecutionEvent): string | null {
  if (type !== 'StateFailed' || error !== 'LockHeld') return null;
  const [arn = ''] = causeText(cause).split(' ');
  return arn.split(':').at(-1) ?? arn;
}

/** Explains a wait for the lock of a target or its host. `limitSeconds` is the value of `--wait`. */
export function lockWaitText(holder: string, limitSeconds: number | undefined): string {
  const limit =
    limitSeconds === undefined ? `about ${duration(usualLimitSeconds * 1000)}` : `at most ${limitSeconds} s`;
  return `waits for the lock, ${limit}; held by ${holder}`;
}
