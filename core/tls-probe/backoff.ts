/** When to look again: the part of a target's `verify` that says so. Times are seconds. */
export interface Schedule {
  readonly attempts: number;
  readonly initialBackoffSeconds: number;
  readonly maxBackoffSeconds: number;
}

/**
 * Seconds to wait before the next look, once `attemptsMade` looks have been made; null when no attempt is left.
 * Waits double from the initial to the cap (1, 2, 4, 8, 16, 16…); a cap equal to the initial makes them linear.
 */
export function nextWaitSeconds(schedule: Schedule, attemptsMade: number): number | null {
  if (attemptsMade >= schedule.attempts) return null;
  if (attemptsMade <= 0) return 0;
  return Math.min(schedule.initialBackoffSeconds * 2 ** (attemptsMade - 1), schedule.maxBackoffSeconds);
}
