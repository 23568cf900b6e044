import * as z from 'zod/mini';

/** What is counted of one target, or added up over several: then `daysToExpiry` is the smallest. */
export const DriftCounts = z.object({
  /** Null: nobody knows. */
  daysToExpiry: z.nullable(z.int()),
  drift: z.int(),
  chainIncomplete: z.int(),
  unreachable: z.int(),
});
export type DriftCounts = z.infer<typeof DriftCounts>;
