/** Inclusive limits of settings of a stack. The construct and the Lambda functions refuse values outside them. */
export const limits = {
  /** Commands a second, of all functions together. */
  sendRate: { minimum: 0.1, maximum: 1000 },
  /** Commands in one burst after a period without commands. */
  sendBurst: { minimum: 1, maximum: 1000 },
  /** The difference between the fences of two jobs for a target. Each deployment raises the fence by one. */
  fenceStep: { minimum: 1, maximum: 1_000_000_000, default: 100_000 },
  /** Days. */
  historyDays: { minimum: 1, maximum: 36_500 },
} as const;
