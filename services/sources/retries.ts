import * as z from 'zod/mini';

/** Maximum milliseconds of each wait: 26 s in all, below the minute that a state waits for its function. */
const maximumWaits = [1000, 2000, 4000, 8000, 11_000] as const;

/** Timer and random numbers (0 to 1); tests replace them. */
export interface RetryTimer {
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
}

/** Temporary errors of the services, besides a status of 500 or more. */
const temporaryErrors = new Set([
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

/** Repeats a call after temporary errors, with jitter. The error after the last wait is thrown. */
export async function withRetries<Result>(call: () => Promise<Result>, by: RetryTimer): Promise<Result> {
  for (const maximum of maximumWaits) {
    try {
      return await call();
    } catch (error) {
      if (!isTemporary(error)) throw error;
      await by.sleep(maximum * by.random());
    }
  }
  return await call();
}

/** Whether the service has throttled the call. */
export const isThrottled = (error: unknown): boolean => error instanceof Error && throttled.has(error.name);

function isTemporary(error: unknown): boolean {
  const { data } = z.safeParse(Failure, error);
  if (data === undefined) return false;
  const status = data.$metadata?.httpStatusCode ?? 0;
  return (
    isThrottled(error) ||
    temporaryErrors.has(data.name) ||
    temporaryErrors.has(data.code ?? '') ||
    status >= 500
  );
}
