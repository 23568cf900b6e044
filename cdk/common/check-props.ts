import type { Duration } from 'aws-cdk-lib';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { problemLines } from '../../core/targets/problems.ts';

interface Judged {
  readonly commandsPerSecond?: number;
  readonly historyRetentionDays?: number;
  readonly expiryAlarmDays?: number;
  readonly sweepSchedule?: Duration | false;
}

const { sendRate, historyDays } = limits;

/** As long as one run of the function may take: more often, two would look at the same time. */
const shortestSweepMinutes = 15;

const Props = z.object({
  commandsPerSecond: z.optional(z.number().check(z.gte(sendRate.least), z.lte(sendRate.most))),
  historyRetentionDays: z.optional(z.int().check(z.gte(historyDays.least), z.lte(historyDays.most))),
  expiryAlarmDays: z.optional(z.int().check(z.positive(), z.lte(historyDays.most))),
  sweepSchedule: z.optional(
    z.number().check(z.gte(shortestSweepMinutes, { error: `at least ${shortestSweepMinutes} minutes` })),
  ),
});

/**
 * Numbers that no function could work with fail the synth: deployed, they would fail every deployment.
 *
 * @throws CertferryError InvalidRequest, naming the fields
 */
export function checkProps({ sweepSchedule, ...props }: Judged): void {
  const input = {
    ...props,
    ...(sweepSchedule && { sweepSchedule: sweepSchedule.toMinutes({ integral: false }) }),
  };
  const { error } = Props.safeParse(input);
  if (error === undefined) return;
  const problems = problemLines({ schema: Props, input }, error.issues);
  throw new CertferryError(
    'InvalidRequest',
    `Certferry cannot be made like this:\n  ${problems.join('\n  ')}`,
    {
      details: { problems },
    },
  );
}
