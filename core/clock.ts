/** Injected, so that a test says what time it is. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Epoch seconds, as DynamoDB's TTL and a job's `expiresAt` want them. */
export function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
