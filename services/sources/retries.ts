import * as z from 'zod/mini';

/** Milliseconds, each up to its whole: 26 s at most, well within the minute that a state waits for its Lambda. */
const longestWaits = [1000, 2000, 4000, 8000, 11_000] as const;

/** How waiting is done: tests do not wait. `random` is from 0 to 1. */
export interface RetryTimer {
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
}

/** What services say of a failure that may pass by itself: a name, or a status of 500 and more. */
const passing = new Set([
  'RequestInProgressException', // ACM, for a while after a certificate was renewed
  'InternalServiceError',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'ECONNRESET',
  'EPIPE',
]);

const throttled = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'SlowDown',
]);

const Failure = z.object({
  name: z.string(),
  code: z.optional(z.string()),
  $metadata: z.optional(z.object({ httpStatusCode: z.optional(z.number()) })),
});

/** Calls again, with jitter, what fails in a way that may pass; after the last wait its error goes through. */
export async function withRetries<Result>(call: () => Promise<Result>, by: RetryTimer): Promise<Result> {
  for (const longest of longestWaits) {
    try {
      return await call();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await by.sleep(longest * by.random());
    }
  }
  return await call();
}

/** Whether the service said that it was asked too often. */
export const isThrottled = (error: unknown): boolean => error instanceof Error && throttled.has(error.name);

function mayPass(error: unknown): boolean {
  const { data } = z.safeParse(Failure, error);
  if (data === undefined) return false;
  const status = data.$metadata?.httpStatusCode ?? 0;
  return isThrottled(error) || passing.has(data.name) || passing.has(data.code ?? '') || status >= 500;
}
