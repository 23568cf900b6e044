import type { Duration } from 'aws-cdk-lib';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { problemLines } from '../../core/targets/problems.ts';

interface CheckedProps {
  readonly commandsPerSecond?: number;
  readonly historyRetentionDays?: number;
  readonly expiryAlarmDays?: number;
  readonly sweepSchedule?: Duration | false;
  readonly jobKeyNames?: readonly string[];
  readonly maximumFenceStep?: number;
}

const { sendRate, historyDays, fenceStep } = limits;

/** The maximum run time of the function: with a shorter interval, two sweeps would overlap. */
const minimumSweepMinutes = 15;

const Props = z.object({
  commandsPerSecond: z.optional(z.number().check(z.gte(sendRate.minimum), z.lte(sendRate.maximum))),
  historyRetentionDays: z.optional(z.int().check(z.gte(historyDays.minimum), z.lte(historyDays.maximum))),
  maximumFenceStep: z.optional(z.int().check(z.gte(fenceStep.minimum), z.lte(fenceStep.maximum))),
  jobKeyNames: z.optional(
    z
      .array(z.string().check(z.regex(/^[A-Za-z0-9-]{1,32}$/, 'letters, digits and dashes, at most 32')))
      .check(
        z.minLength(1),
        z.refine((names) => new Set(names).size === names.length, 'each name once'),
      ),
  ),
  expiryAlarmDays: z.optional(z.int().check(z.positive(), z.lte(historyDays.maximum))),
  sweepSchedule: z.optional(
    z.number().check(z.gte(minimumSweepMinutes, { error: `at least ${minimumSweepMinutes} minutes` })),
  ),
});

/**
 * Rejects numbers outside the limits during synthesis. Otherwise every deployment of a certificate would fail later.
 *
 * @throws CertferryError InvalidRequest, naming the fields
 */
export function checkProps({ sweepSchedule, ...props }: CheckedProps): void {
  const input = {
    ...props,
    ...(sweepSchedule && { sweepSchedule: sweepSchedule.toMinutes({ integral: false }) }),
  };
  const { error } = Props.safeParse(input);
  if (error === undefined) return;
  const problems = problemLines({ schema: Props, input }, error.issues);
  throw new CertferryError('InvalidRequest', `Invalid properties of Certferry:\n  ${problems.join('\n  ')}`, {
    details: { problems },
  });
}
