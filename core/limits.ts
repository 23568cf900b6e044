/** What numbers of a stack may be: both ends belong. The stack is refused with others, and so is a function told of them. */
export const limits = {
  /** Commands a second, of all functions together. */
  sendRate: { least: 0.1, most: 1000 },
  /** Commands at once, when none were sent for a while. */
  sendBurst: { least: 1, most: 1000 },
  /** Days. */
  historyDays: { least: 1, most: 36_500 },
} as const;
