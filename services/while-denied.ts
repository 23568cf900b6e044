import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between attempts: a policy changed by the same stack update takes effect late. */
const waits = [2_000, 5_000, 10_000, 20_000, 30_000] as const;

/** Repeats a request as long as AWS denies it, for about a minute. Other errors, and the last denial, are thrown. */
export async function whileDenied<Result>(
  request: () => Promise<Result>,
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<Result> {
  for (const ms of waits) {
    try {
      return await request();
    } catch (error) {
      if (!isDenial(error)) throw error;
      await wait(ms);
    }
  }
  return request();
}

/** S3 and the services with JSON protocols have different names for it. */
const isDenial = (error: unknown): boolean =>
  error instanceof Error && ['AccessDenied', 'AccessDeniedException'].includes(error.name);
