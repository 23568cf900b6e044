import * as z from 'zod/mini';
import { Fingerprint } from '../../core/deployment/version.ts';
import { RolloutOutcome } from '../../core/rollout/rollout.ts';

/** The state of a rollout as operators see it and as each of its deployments reads it before it starts. */
export const RolloutControl = z.object({
  id: z.string(),
  executionArn: z.string(),
  certificate: z.string(),
  fingerprint: Fingerprint,
  sequence: z.int(),
  /** ISO 8601. */
  startedAt: z.string(),
  status: z.enum(['running', 'halted', 'rolling_back', 'ended']),
  /** Why the rollout was halted; null when it was not. */
  reason: z.nullable(z.string()),
  /** The id of the rollout of a newer version; null while there is none. */
  supersededBy: z.nullable(z.string()),
  /** Failed forward deployments. When they exceed the tolerated number, no further deployment starts. */
  failures: z._default(z.int(), 0),
  /** Tolerated failures by the latest plan of a wave; for display only. */
  tolerated: z.int(),
  outcome: z.nullable(RolloutOutcome),
  summary: z.nullable(z.string()),
  /** RedriveCount of the execution at the last halt. A larger count means that an operator has resumed the rollout. */
  redriveCount: z.int(),
  /** True once an operator has requested a rollback. It stays true and takes precedence over a resume. */
  rollbackRequested: z.optional(z.boolean()),
});
export type RolloutControl = Readonly<z.infer<typeof RolloutControl>>;
