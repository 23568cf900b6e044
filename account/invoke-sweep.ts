import type { LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';
import { invoke } from './stack/invoke.ts';

/** The name that the stack gives its function. */
const sweepFunction = 'certferry-sweep';

/** What is shown of a sweep; the rest stays as it comes, so that a stack of another version can be asked too. */
const SweepReport = z.looseObject({
  summary: z.string(),
  targets: z.array(
    z.looseObject({
      targetId: z.string(),
      certificate: z.string(),
      condition: z.string(),
      daysToExpiry: z.nullable(z.number()),
      summary: z.string(),
      healing: z.boolean(),
      notHealed: z.nullable(z.string()),
    }),
  ),
  more: z.int(),
});
export type SweepReport = z.infer<typeof SweepReport>;

/** Has the stack look at every endpoint now. Throws what the function has thrown. */
export async function sweep(lambda: LambdaClient, input: object): Promise<SweepReport> {
  return SweepReport.parse(await invoke(lambda, sweepFunction, input));
}
