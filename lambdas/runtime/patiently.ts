/** Throttled calls wait their turn: these APIs publish no rates, and a fleet is asked about in many small calls. */
export const patiently = { retryMode: 'adaptive', maxAttempts: 10 } as const;
