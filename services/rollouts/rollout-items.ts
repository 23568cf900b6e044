import * as z from 'zod/mini';
import { Source } from '../../core/deployment/source.ts';
import { Fingerprint } from '../../core/deployment/version.ts';
import { Approval } from '../../core/rollout/rollout.ts';
import { RolloutControl } from './rollout-control.ts';

/** A rollout (item `rollout#<id>` / `control`). `supersededBy` is derived from the item of the certificate. */
export const ControlItem = z.extend(z.omit(RolloutControl, { supersededBy: true }), {
  /** Where the version's bytes were read when the rollout started. */
  source: z.optional(Source),
  /**
   * Only in rollouts for a part: the sequence of the latest full rollout when this one started. Only later full rollouts
   * supersede it.
   */
  latestSequence: z.optional(z.int()),
});
export type ControlItem = z.infer<typeof ControlItem>;

/** Another rollout deploys, or has deployed, the version of an execution that therefore started no rollout. */
export const ExistingRollout = z.object({ rolloutId: z.string(), fingerprint: Fingerprint });
export type ExistingRollout = z.infer<typeof ExistingRollout>;

/** The latest full rollout of a certificate (item `certificate#<name>` / `rollouts`). Never deleted: `sequence` only grows. */
export const LatestItem = z.object({
  certificate: z.string(),
  sequence: z.int(),
  current: z.string(),
  fingerprint: Fingerprint,
  startedAt: z.string(),
});
export type LatestItem = z.infer<typeof LatestItem>;

/** An approval request (item `rollout#<id>` / `approval#<wave>`). */
export const ApprovalRequestItem = z.object({
  rolloutId: z.string(),
  wave: z.int(),
  taskToken: z.string(),
  attempt: z.string(),
  secretHash: z.string(),
  requestedAt: z.string(),
  decision: z._default(z.nullable(Approval), null),
});
export type ApprovalRequestItem = z.infer<typeof ApprovalRequestItem>;

export const rolloutKey = (id: string) => ({ pk: `rollout#${id}`, sk: 'control' });
export const latestKey = (certificate: string) => ({ pk: `certificate#${certificate}`, sk: 'rollouts' });
/** The last full rollout of a version. */
export const versionKey = (certificate: string, fingerprint: string) => ({
  pk: `certificate#${certificate}`,
  sk: `version#${fingerprint}`,
});

/** The wave number is zero-padded, so that the keys sort in the order of the waves. */
export const approvalRequestKey = (id: string, wave: number) => ({
  pk: `rollout#${id}`,
  sk: `${approvalRequestPrefix}${String(wave).padStart(6, '0')}`,
});
export const approvalRequestPrefix = 'approval#';

/** Partition that lists the rollouts of one certificate, or of all, in the order of their start. */
export const listPartition = (certificate?: string) =>
  certificate === undefined ? 'rollouts' : `rollouts#${certificate}`;

/** An execution may run for a year and can be redriven for 14 days after that. The items outlive both. */
const retentionSeconds = 400 * 86_400;

/** `expiresAt` (DynamoDB TTL, epoch seconds) of an item that belongs to this ISO 8601 time. */
export const expiryOf = (time: string) => Math.floor(Date.parse(time) / 1000) + retentionSeconds;
