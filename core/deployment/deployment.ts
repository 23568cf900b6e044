import * as z from 'zod/mini';
import { Target } from '../targets/target.ts';
import { Observation, Repair } from './agent-line.ts';
import { DeploymentId } from './job.ts';
import { AgentOutcome, DeploymentOutcome } from './outcome.ts';
import { Source } from './source.ts';
import { Fingerprint, VersionFacts } from './version.ts';

export const RequestAction = z.enum(['deploy', 'validate', 'rollback']);
export type RequestAction = z.infer<typeof RequestAction>;

/**
 * Input of an execution of `deploy-target`. `rollback` takes no version: the host has the one before.
 * `requestNumber` grows with every request for the target (see `services/locks.ts`); an execution started by hand
 * may leave it out, and gets its number when it first asks for the lock.
 */
export const DeploymentRequest = z.strictObject({
  target: Target,
  action: RequestAction,
  version: z.nullable(z.strictObject({ fingerprint: Fingerprint, source: Source })),
  requestNumber: z.optional(z.int().check(z.positive())),
  /** A rollback takes away this version and no other: a host that has another one by now leaves that where it is. */
  replaces: z.optional(Fingerprint),
  /** The id of the rollout that it is a part of. */
  rollout: z.optional(z.string()),
  /** It does not begin once more deployments of its rollout than these have failed. */
  toleratedFailures: z.optional(z.int().check(z.gte(0))),
  /** Seconds that a rollout's child waits before it begins, so that not all begin at once. */
  splaySeconds: z.optional(z.int().check(z.gte(0), z.lte(3600))),
});
export type DeploymentRequest = z.infer<typeof DeploymentRequest>;

/** A request that holds its target's lock. */
export const Deployment = z.strictObject({
  id: DeploymentId,
  executionArn: z.string(),
  startedAt: z.string(),
  target: Target,
  action: RequestAction,
  version: z.nullable(z.strictObject({ fingerprint: Fingerprint, source: Source })),
  requestNumber: z.int(),
  replaces: z.optional(Fingerprint),
  fence: z.int(),
  rollout: z.nullable(z.string()),
  /** From where the endpoint is looked at; `none` when the target says so. A Choice reads it. */
  probeFrom: z.enum(['lambda', 'host', 'none']),
});
export type Deployment = z.infer<typeof Deployment>;

/** How a push ended, as a state of the machine sees it: the agent's line without what only the registry needs. */
export const PushResult = z.strictObject({
  outcome: AgentOutcome,
  summary: z.string(),
  reason: z.nullable(z.string()),
  version: z.nullable(VersionFacts),
  previousVersion: z.nullable(VersionFacts),
  warnings: z.array(z.string()),
  validatedIn: z.nullable(z.string()),
  served: z.nullable(z.boolean()),
  repair: z.nullable(Repair),
  commandId: z.nullable(z.string()),
  /** When the command was sent, and when somebody heard that it had ended: ISO 8601, where there was one. */
  sentAt: z.optional(z.string()),
  endedAt: z.optional(z.string()),
});
export type PushResult = z.infer<typeof PushResult>;

/**
 * The result of one probe of the endpoint. `waitSeconds` is the delay before the next probe when `verdict` is `retry`.
 * After a rollback, `other_certificate` means that the endpoint serves neither the failed nor the previous leaf, so it does
 * not reach this node. `no_previous_certificate` means that there was no previous leaf to verify.
 */
export const ProbeResult = z.strictObject({
  verdict: z.enum(['verified', 'retry', 'exhausted', 'other_certificate', 'no_previous_certificate']),
  attempt: z.int(),
  waitSeconds: z.int(),
  summary: z.string(),
  observations: z.array(Observation),
});
export type ProbeResult = z.infer<typeof ProbeResult>;

/** What a recording state returns, and with that the output of the execution. */
export const RecordedDeployment = z.strictObject({
  deploymentId: z.string(),
  targetId: z.string(),
  outcome: DeploymentOutcome,
  summary: z.string(),
  reason: z.nullable(z.string()),
  fingerprint: z.nullable(z.string()),
  previousFingerprint: z.nullable(z.string()),
  fence: z.nullable(z.int()),
  warnings: z.array(z.string()),
  repair: z.nullable(Repair),
});
export type RecordedDeployment = z.infer<typeof RecordedDeployment>;

/** What flows through the states: AcquireLock returns it with every field seeded, so no path can fail to resolve. */
export const DeploymentState = z.strictObject({
  deployment: Deployment,
  push: z.nullable(PushResult),
  probe: ProbeResult,
  rollback: z.nullable(PushResult),
  restored: ProbeResult,
  /** What a Catch caught. Step Functions may leave out the cause of an error of its own, such as States.Timeout. */
  failure: z.nullable(z.strictObject({ Error: z.string(), Cause: z._default(z.string(), '') })),
});
export type DeploymentState = z.infer<typeof DeploymentState>;
