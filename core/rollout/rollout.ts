import * as z from 'zod/mini';
import { Source } from '../deployment/source.ts';
import { Fingerprint, VersionFacts } from '../deployment/version.ts';
import { Strategy, StrategyOverrides } from '../registry/strategy.ts';
import { CertificateName, Host, TargetId } from '../targets/target.ts';
import { Verify } from '../targets/verify.ts';

/** Bytes. A recording state receives a part twice, in request and state, and the limit for all its input is 256 KiB. */
export const maximumPartBytes = 64_000;

/** A part of the targets of a certificate, e.g. those on a new instance. */
export const Part = z
  .strictObject({
    targets: z.optional(z.array(TargetId).check(z.minLength(1))),
    hosts: z.optional(z.array(Host).check(z.minLength(1))),
  })
  .check(
    z.refine(
      (part) => Buffer.byteLength(JSON.stringify(part)) <= maximumPartBytes,
      `a part of at most ${maximumPartBytes} bytes; start several rollouts, or one rollout to all targets`,
    ),
  );
export type Part = z.infer<typeof Part>;

/**
 * Input of an execution of `rollout`. `version`:
 * - `latest` (default): the latest version of the certificate's source.
 * - `new`: the same, unless a rollout has deployed it before.
 * - `current`: the version of the last successful rollout.
 * - `fingerprint` alone: a version that a rollout to all targets has deployed.
 * - `id`: the name of a version in the source.
 *
 * A version is not rolled out twice, unless `repeat` is set or the rollout is for a part (`only`).
 */
export const RolloutRequest = z.strictObject({
  certificate: CertificateName,
  version: z._default(
    z.union([
      z.enum(['latest', 'new', 'current']),
      z.strictObject({ source: Source, fingerprint: z.optional(Fingerprint) }),
      z.strictObject({ fingerprint: Fingerprint }),
      z.strictObject({ id: z.string().check(z.minLength(1), z.maxLength(1024)) }),
    ]),
    'latest',
  ),
  /** Why the rollout was started, for history and messages. */
  reason: z._default(z.string().check(z.maxLength(200)), 'requested'),
  repeat: z._default(z.boolean(), false),
  /** Ignores the maintenance windows of the targets. */
  urgent: z._default(z.boolean(), false),
  only: z._default(z.nullable(Part), null),
  strategy: z._default(StrategyOverrides, {}),
});
export type RolloutRequest = z.infer<typeof RolloutRequest>;

/** The name of the execution. */
export const RolloutId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,80}$/));

/** A request with its resolved version and its sequence number. */
export const Rollout = z.strictObject({
  id: RolloutId,
  executionArn: z.string(),
  startedAt: z.string(),
  certificate: CertificateName,
  version: z.strictObject({ fingerprint: Fingerprint, source: Source, notAfter: z.number() }),
  /** The leaf and chain that the service endpoints must serve after the last wave. */
  facts: VersionFacts,
  /** Full sentences about the bundle, for operators; absent in rollouts that an earlier release has started. */
  warnings: z.optional(z.array(z.string())),
  /** Increases with each rollout to all targets of the certificate; a rollout to a part has the latest such number. */
  sequence: z.int(),
  only: z.nullable(Part),
  /** Also deploys to targets that have the version according to the registry: they may serve another one. */
  repeat: z.boolean(),
  /** A part that was requested with the current version. When another version becomes current, the part gets that too. */
  followsCurrent: z.optional(z.boolean()),
  urgent: z.boolean(),
  reason: z.string(),
  strategy: Strategy,
  serviceEndpoints: z.array(Verify),
});
export type Rollout = z.infer<typeof Rollout>;

/** The location of an object in S3. */
export const S3Location = z.strictObject({ bucket: z.string(), key: z.string() });
export type S3Location = z.infer<typeof S3Location>;

/**
 * The next wave. `verdict`:
 * - `deploy`: deploy to the targets of the wave.
 * - `wait`: a maintenance window is closed or a host is not online; plan again after `waitSeconds`.
 * - `pause`: the pause of the strategy; plan again after `waitSeconds`.
 * - `probe_services`: no target is left, but the services are not verified yet.
 * - `finished`: no target is left.
 * - `rolled_back`, `rollback_incomplete`: no target is left to roll back.
 * - `superseded`: a rollout of a newer version has started.
 * - `halted`: an operator has halted the rollout.
 *
 * A wave with `direction: rollback` returns targets to their previous version; its number follows those of forward waves.
 */
export const Wave = z.strictObject({
  verdict: z.enum([
    'deploy',
    'wait',
    'pause',
    'probe_services',
    'finished',
    'rolled_back',
    'rollback_incomplete',
    'superseded',
    'halted',
  ]),
  direction: z.enum(['forward', 'rollback']),
  /** From 1; 0 before the first wave. */
  number: z.int(),
  /** Index in the strategy's waves, from 0. */
  step: z.int(),
  waitSeconds: z.int(),
  /** End of the wait and time of the next plan, in epoch seconds; number of checks so far. */
  hold: z._default(z.strictObject({ until: z.int(), planAt: z.int(), checks: z.int() }), {
    until: 0,
    planAt: 0,
    checks: 0,
  }),
  /** Since when the rollout waits only for instances that start, in epoch seconds. */
  startingSince: z.optional(z.nullable(z.int())),
  /** Targets in this wave, in all earlier waves, and in total. */
  count: z.int(),
  reached: z.int(),
  total: z.int(),
  /** Targets whose endpoint needs the address of a host that has none. They count as failures. */
  refused: z.int(),
  /** Registered targets without a host, and named hosts without a target, as text; null if there are none. */
  unresolved: z._default(z.nullable(z.string()), null),
  /** The installed versions of the targets that are left; null if not all are known. */
  previousVersions: z.nullable(z.array(Fingerprint)),
  /**
   * The id of the valid plan of each wave so far, in order. A retried NextWave writes the items of a wave again under
   * another plan id; only the plan that the state machine received is valid.
   */
  plans: z.array(z.string()),
  /** The input of the Distributed Map (a JSON array of deployment requests), and the prefix (`key`) of its results. */
  items: S3Location,
  results: S3Location,
  maxConcurrency: z.int(),
  summary: z.string(),
});
export type Wave = z.infer<typeof Wave>;

/** The result of a Distributed Map with a ResultWriter; null before the first, and if the Map itself failed. */
export const MapResult = z.object({
  MapRunArn: z.string(),
  ResultWriterDetails: z.object({ Bucket: z.string(), Key: z.string() }),
});
export type MapResult = z.infer<typeof MapResult>;

/**
 * The next step after a wave or a probe of the services. `next`: plan the next wave at once; `pause`: after the pause of
 * the strategy; `ask_approval`; `probe_services`; `back_off`: probe the services again after `waitSeconds`; `halt`.
 */
export const Judgement = z.strictObject({
  verdict: z.enum(['next', 'pause', 'ask_approval', 'probe_services', 'back_off', 'halt']),
  /** Number of probes of the services after this wave. */
  attempt: z.int(),
  waitSeconds: z.int(),
  /** Only failures in waves after this number count: the last wave before the rollout was resumed; 0 at first. */
  sinceWave: z.int(),
  /** Failed deployments since then, and the number tolerated. */
  failed: z.int(),
  tolerated: z.int(),
  summary: z.string(),
  /** The name of the error that halts the rollout; null if it does not halt. */
  reason: z.nullable(z.string()),
});
export type Judgement = z.infer<typeof Judgement>;

/** An operator's decision on an approval request. */
export const Approval = z.strictObject({
  verdict: z.enum(['approved', 'rejected']),
  by: z.string().check(z.maxLength(200)),
});
export type Approval = z.infer<typeof Approval>;

/** What a halted rollout does next. `redriveCount`: that of the execution at the halt; a higher one resumes the rollout. */
export const Halt = z.strictObject({
  verdict: z.enum(['stop', 'rollback']),
  reason: z.string(),
  summary: z.string(),
  redriveCount: z.int(),
});
export type Halt = z.infer<typeof Halt>;

export const rolloutOutcomes = [
  'finished',
  'finished_with_failures',
  'already_rolled_out',
  'superseded',
  'refused',
  'halted',
  'rolled_back',
  'rollback_incomplete',
] as const;
export const RolloutOutcome = z.enum(rolloutOutcomes);
export type RolloutOutcome = z.infer<typeof RolloutOutcome>;

/** An ended rollout, and the output of its execution. `counts`: number of targets by the outcome of their deployment. */
export const RecordedRollout = z.strictObject({
  rolloutId: z.string(),
  certificate: z.string(),
  fingerprint: z.nullable(z.string()),
  outcome: RolloutOutcome,
  summary: z.string(),
  reason: z.nullable(z.string()),
  total: z.int(),
  waves: z.int(),
  counts: z.record(z.string(), z.int()),
  /** Needs attention although the rollout succeeded. */
  warning: z.optional(z.string()),
  /** About the bundle; absent if there are none. */
  warnings: z.optional(z.array(z.string())),
});
export type RecordedRollout = z.infer<typeof RecordedRollout>;

const Caught = z.strictObject({ Error: z.string(), Cause: z._default(z.string(), '') });

/** The state of the state machine. ResolveCertificate returns every field, so that every JSONPath resolves. */
export const RolloutState = z.strictObject({
  rollout: Rollout,
  wave: Wave,
  deployed: z.nullable(MapResult),
  judgement: Judgement,
  approval: z.nullable(Approval),
  halt: z.nullable(Halt),
  failure: z.nullable(Caught),
});
export type RolloutState = z.infer<typeof RolloutState>;
