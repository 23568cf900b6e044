/** The fields of `verify` that determine the waits between probes. Times are seconds. */
export interface Backoff {
  readonly attempts: number;
  readonly initialBackoffSeconds: number;
  readonly maxBackoffSeconds: number;
}

/**
 * Seconds to wait before the next probe after `attemptsMade` probes; null if no attempt is left.
 * Waits double from the initial to the cap (1, 2, 4, 8, 16, 16…); a cap equal to the initial makes them linear.
 */
export function nextWaitSeconds(backoff: Backoff, attemptsMade: number): number | null {
  if (attemptsMade >= backoff.attempts) return null;
  if (attemptsMade <= 0) return 0;
  return Math.min(backoff.initialBackoffSeconds * 2 ** (attemptsMade - 1), backoff.maxBackoffSeconds);
}
