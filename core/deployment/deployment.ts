import * as z from 'zod/mini';
import { Target } from '../targets/target.ts';
import { Observation, Repair } from './agent-line.ts';
import { Baseline } from './baseline.ts';
import { DeploymentId } from './job.ts';
import { AgentOutcome, DeploymentOutcome } from './outcome.ts';
import { Source } from './source.ts';
import { Fingerprint, VersionFacts } from './version.ts';

export const RequestAction = z.enum(['deploy', 'validate', 'rollback']);
export type RequestAction = z.infer<typeof RequestAction>;

/** A whole number of seconds, at most the time that the retries of AcquireLock take at least. */
export const LockWaitSeconds = z.int().check(z.gte(0), z.lte(1800));

/**
 * Input of an execution of `deploy-target`. `rollback` needs no version: the host has the previous one. `requestNumber`
 * increases with every request for the target (see `services/locks/`). Without one, the execution gets its number when it
 * first requests the lock.
 */
export const DeploymentRequest = z.strictObject({
  target: Target,
  action: RequestAction,
  version: z.nullable(z.strictObject({ fingerprint: Fingerprint, source: Source })),
  requestNumber: z.optional(z.int().check(z.positive())),
  /** The version that a rollback may replace. A host with another version keeps it. */
  replaces: z.optional(Fingerprint),
  /** The id of its rollout. */
  rollout: z.optional(z.string()),
  /** The deployment is skipped once more deployments of its rollout than this have failed. */
  toleratedFailures: z.optional(z.int().check(z.gte(0))),
  /** Seconds to wait before the deployment starts, so that those of a wave do not all start at once. */
  splaySeconds: z.optional(z.int().check(z.gte(0), z.lte(3600))),
  /** The maximum wait for the locks, in seconds. Without it, the retries of AcquireLock are the limit. */
  lockWaitSeconds: z.optional(LockWaitSeconds),
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
  /** Where the endpoint is probed from; `none` for a target with `verify: none`. A Choice state reads it. */
  probeFrom: z.enum(['lambda', 'host', 'none']),
});
export type Deployment = z.infer<typeof Deployment>;

/** The result of a push in the state machine: the agent line without the fields that only the registry needs. */
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
  baseline: z.optional(Baseline),
  inPlace: z.optional(z.literal(true)),
  /** When the command was sent, and when its end was observed: ISO 8601; absent without a command. */
  sentAt: z.optional(z.string()),
  endedAt: z.optional(z.string()),
});
export type PushResult = z.infer<typeof PushResult>;

/**
 * The result of one probe of the endpoint. `waitSeconds` is the delay before the next probe when `verdict` is `retry`.
 * After a rollback, `other_certificate` means that the endpoint serves neither the failed nor the previous leaf, so it does
 * not reach this node. `as_before` means that it is as the baseline found it, although it does not serve the previous leaf.
 * `no_previous_certificate` means that there was no previous leaf to verify.
 */
export const ProbeResult = z.strictObject({
  verdict: z.enum([
    'verified',
    'retry',
    'exhausted',
    'other_certificate',
    'as_before',
    'no_previous_certificate',
  ]),
  attempt: z.int(),
  waitSeconds: z.int(),
  summary: z.string(),
  observations: z.array(Observation),
});
export type ProbeResult = z.infer<typeof ProbeResult>;

/** The result of a recording state, and the output of the execution. */
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

/** The error that a Catch caught. Errors of Step Functions, such as States.Timeout, may have no cause. */
const CaughtError = z.strictObject({ Error: z.string(), Cause: z._default(z.string(), '') });

/** The state of the state machine. AcquireLock returns every field, so that every JSONPath resolves. */
export const DeploymentState = z.strictObject({
  deployment: Deployment,
  push: z.nullable(PushResult),
  probe: ProbeResult,
  rollback: z.nullable(PushResult),
  restored: ProbeResult,
  /** The result of the commands of the target, or why there is none. */
  onDeployed: z.nullable(z.union([PushResult, CaughtError])),
  failure: z.nullable(CaughtError),
});
export type DeploymentState = z.infer<typeof DeploymentState>;
