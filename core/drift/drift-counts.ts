import * as z from 'zod/mini';

/** The counts of one target, or the sums of several targets with the smallest `daysToExpiry`. */
export const DriftCounts = z.object({
  /** Null if unknown. */
  daysToExpiry: z.nullable(z.int()),
  drift: z.int(),
  chainIncomplete: z.int(),
  unreachable: z.int(),
  /** Targets without any deployment whose certificate has no running rollout. Absent in counts of an earlier version. */
  neverDeployed: z._default(z.int(), 0),
});
export type DriftCounts = z.infer<typeof DriftCounts>;
