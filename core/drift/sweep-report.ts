import * as z from 'zod/mini';
import { conditions } from './finding.ts';

/** `unresolved`: the hosts of the target could not be determined. */
export const reportedConditions = [...conditions, 'unresolved'] as const;
export type ReportedCondition = (typeof reportedConditions)[number];

/** One target on one host. */
export const SweptTarget = z.object({
  targetId: z.string(),
  certificate: z.string(),
  /** Null for an unresolved target. */
  host: z.nullable(z.string()),
  condition: z.enum(reportedConditions),
  daysToExpiry: z.nullable(z.int()),
  /** The leaf that the endpoint serves; `notAfter` is epoch seconds. Null without a probe or without an answer. */
  served: z.nullable(z.object({ fingerprint: z.string(), notAfter: z.number() })),
  summary: z.string(),
  /** True when the sweep has started a rollout that repairs the target. */
  healing: z.boolean(),
  /** Why the sweep does not heal the target; null when the target needs no healing, or is healed. */
  notHealed: z.nullable(z.string()),
});
export type SweptTarget = z.infer<typeof SweptTarget>;

/** Result of the drift sweep. */
export const SweepReport = z.object({
  summary: z.string(),
  swept: z.int(),
  counts: z.record(z.enum(conditions), z.int()),
  /** Id of the last target that was probed without a gap; the next sweep continues after it. Null when all were probed. */
  reached: z.nullable(z.string()),
  healing: z.array(
    z.object({
      certificate: z.string(),
      rollout: z.nullable(z.string()),
      targets: z.int(),
      summary: z.string(),
    }),
  ),
  /** Names of the rollouts that the sweep has started to check the sources of certificates. */
  sourceChecks: z.array(z.string()),
  /** The most severe condition first. */
  targets: z.array(SweptTarget),
  /** Number of targets that the list above omits. */
  more: z.int(),
});
export type SweepReport = z.infer<typeof SweepReport>;

/**
 * A report as a caller reads it. The stack may have another version than the caller, so unknown conditions and additional
 * fields are accepted.
 */
export const ReceivedSweepReport = z.looseObject({
  ...z.pick(SweepReport, { summary: true, more: true }).shape,
  targets: z.array(
    z.looseObject({
      ...SweptTarget.shape,
      host: z.unknown(),
      condition: z.string(),
      // stacks before this field report none
      served: z._default(SweptTarget.shape.served, null),
    }),
  ),
});
export type ReceivedSweepReport = z.infer<typeof ReceivedSweepReport>;
