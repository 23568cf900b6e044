import * as z from 'zod/mini';
import { Source } from '../../core/deployment/source.ts';
import { Fingerprint } from '../../core/deployment/version.ts';
import { RolloutOutcome } from '../../core/rollout/rollout.ts';

/** What is kept of a rollout (item `rollout#<id>` / `control`). Who supersedes it, its certificate's item says. */
export const ControlItem = z.object({
  id: z.string(),
  executionArn: z.string(),
  certificate: z.string(),
  fingerprint: Fingerprint,
  /** Where the version's bytes were read when it began. */
  source: z.optional(Source),
  sequence: z.int(),
  /** The latest whole rollout when this one began, where that is not its own: only those after it supersede it. */
  knows: z.optional(z.int()),
  startedAt: z.string(),
  status: z.enum(['running', 'halted', 'rolling_back', 'ended']),
  reason: z.nullable(z.string()),
  failures: z._default(z.int(), 0),
  tolerated: z.int(),
  outcome: z.nullable(RolloutOutcome),
  summary: z.nullable(z.string()),
  redriveCount: z.int(),
  putBack: z.optional(z.boolean()),
});
export type ControlItem = z.infer<typeof ControlItem>;

/** Why an execution began no rollout: another rollout carries, or has carried, the same version. */
export const ExistingRollout = z.object({ rolloutId: z.string(), fingerprint: Fingerprint });
export type ExistingRollout = z.infer<typeof ExistingRollout>;

/** A certificate's latest whole rollout (item `certificate#<name>` / `rollouts`). Never deleted: `sequence` only grows. */
export const LatestItem = z.object({
  certificate: z.string(),
  sequence: z.int(),
  current: z.string(),
  fingerprint: Fingerprint,
  startedAt: z.string(),
});
export type LatestItem = z.infer<typeof LatestItem>;

/** A question to a person (item `rollout#<id>` / `question#<wave>`). */
export const QuestionItem = z.object({
  rolloutId: z.string(),
  wave: z.int(),
  taskToken: z.string(),
  attempt: z.string(),
  secretHash: z.string(),
  askedAt: z.string(),
  answer: z._default(z.nullable(z.object({ verdict: z.string(), by: z.string() })), null),
});
export type QuestionItem = z.infer<typeof QuestionItem>;

export const rolloutKey = (id: string) => ({ pk: `rollout#${id}`, sk: 'control' });
export const latestKey = (certificate: string) => ({ pk: `certificate#${certificate}`, sk: 'rollouts' });
export const carrierKey = (certificate: string, fingerprint: string) => ({
  pk: `certificate#${certificate}`,
  sk: `version#${fingerprint}`,
});

/** Waves are numbered so that their text sorts as they do. */
export const questionKey = (id: string, wave: number) => ({
  pk: `rollout#${id}`,
  sk: `${questionPrefix}${String(wave).padStart(6, '0')}`,
});
export const questionPrefix = 'question#';

/** Partitions that list rollouts in the order of their beginnings: of one certificate, and of all. */
export const listOf = (certificate?: string) =>
  certificate === undefined ? 'rollouts' : `rollouts#${certificate}`;

/** Whatever is said for deployments: an execution may take a year and be redriven for 14 days after, by its items. */
const rememberedSeconds = 400 * 86_400;

/** When DynamoDB may tidy an item away that belongs to a moment, in epoch seconds. */
export const expiryAfter = (moment: string) => Math.floor(Date.parse(moment) / 1000) + rememberedSeconds;
