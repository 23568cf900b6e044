/** Injected, so that tests can set the time. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Epoch seconds, the unit of DynamoDB's TTL and of `expiresAt` of a job. */
export function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
