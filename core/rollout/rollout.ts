import * as z from 'zod/mini';
import { Source } from '../deployment/source.ts';
import { Fingerprint, VersionFacts } from '../deployment/version.ts';
import { Strategy, StrategyOverrides } from '../registry/strategy.ts';
import { CertificateName, Host, TargetId } from '../targets/target.ts';
import { Verify } from '../targets/verify.ts';

/** A recording state is given a part twice, in the request and in the state, beside all else: 256 KiB in all. */
export const maximumPartBytes = 64_000;

/** Only these of a certificate's targets: a part of a fleet, such as an instance that has just come up. */
export const Part = z
  .strictObject({
    targets: z.optional(z.array(TargetId).check(z.minLength(1))),
    hosts: z.optional(z.array(Host).check(z.minLength(1))),
  })
  .check(
    z.refine(
      (part) => Buffer.byteLength(JSON.stringify(part)) <= maximumPartBytes,
      `a part that is written in ${maximumPartBytes} bytes: several rollouts for more, or one for all`,
    ),
  );
export type Part = z.infer<typeof Part>;

/**
 * Input of an execution of `rollout`. Without `version` it is the one that the certificate's source has now (`latest`
 * says so too), with `new` the same unless a rollout has carried it before, or with `current` the last one whose rollout
 * has ended well; a `fingerprint` alone is one that a rollout to all has carried, an `id` the source's own name of a
 * version. A version that is being or has been rolled out is not rolled out again, unless `repeat` says so or the
 * rollout is for a part (`only`).
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
  /** Why it was started, in words, for history and messages. */
  reason: z._default(z.string().check(z.maxLength(200)), 'asked for'),
  repeat: z._default(z.boolean(), false),
  /** Passes the targets' maintenance windows. */
  urgent: z._default(z.boolean(), false),
  only: z._default(z.nullable(Part), null),
  strategy: z._default(StrategyOverrides, {}),
});
export type RolloutRequest = z.infer<typeof RolloutRequest>;

/** The execution's name. */
export const RolloutId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,80}$/));

/** A request whose version is known and which has its place in the certificate's order. */
export const Rollout = z.strictObject({
  id: RolloutId,
  executionArn: z.string(),
  startedAt: z.string(),
  certificate: CertificateName,
  version: z.strictObject({ fingerprint: Fingerprint, source: Source, notAfter: z.number() }),
  /** What the service endpoints have to present in the end: the version's leaf and its chain. */
  facts: VersionFacts,
  /** Grows with each rollout of the certificate; one for a part has that of the latest whole one. */
  sequence: z.int(),
  only: z.nullable(Part),
  /** Targets that have the version are deployed to again: what they serve may be another one. */
  repeat: z.boolean(),
  urgent: z.boolean(),
  reason: z.string(),
  strategy: Strategy,
  serviceEndpoints: z.array(Verify),
});
export type Rollout = z.infer<typeof Rollout>;

/** Where in the bucket something stands. */
export const Place = z.strictObject({ bucket: z.string(), key: z.string() });
export type Place = z.infer<typeof Place>;

/**
 * The next wave. `verdict`: `deploy` it; `wait` for `waitSeconds` (a window is closed, an instance is not registered
 * yet) or `pause` for them, and look again; `probe_services`, nobody is left and what the services serve is not known
 * to be right; `finished`, nobody is left; `rolled_back` or `rollback_incomplete`, nobody is left to be put back;
 * `superseded` by a newer version's rollout; `halted` by a person.
 * A wave that goes `back` puts targets back to the version before; numbers go on counting.
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
  direction: z.enum(['forward', 'back']),
  /** From 1; 0 before the first. */
  number: z.int(),
  /** Index in the strategy's waves, from 0, of the wave that this one works towards. */
  step: z.int(),
  waitSeconds: z.int(),
  /** Until when it waits, and when hosts are looked for again, in epoch seconds; and how often it has waited so far. */
  hold: z._default(z.strictObject({ until: z.int(), planAt: z.int(), checks: z.int() }), {
    until: 0,
    planAt: 0,
    checks: 0,
  }),
  /** Targets in this wave, reached by the waves before it, and in all. */
  count: z.int(),
  reached: z.int(),
  total: z.int(),
  /** Targets that cannot be deployed to, since their endpoint asks for an address that their host lacks: failures. */
  refused: z.int(),
  /** For which registered targets no host was found, or on which named hosts no target, in words; null: for none. */
  unfound: z._default(z.nullable(z.string()), null),
  /** What the targets that are not reached yet have, as far as is known: null when it is not known of all. */
  before: z.nullable(z.array(Fingerprint)),
  /**
   * Which plan of each wave so far was answered, in their order: several attempts at a wave may each have written its
   * items, under the name of their own plan, and only the one that was answered counts.
   */
  plans: z.array(z.string()),
  /** What the Distributed Map reads (a JSON array of deployment requests), and the prefix (`key`) it writes under. */
  items: Place,
  results: Place,
  maxConcurrency: z.int(),
  summary: z.string(),
});
export type Wave = z.infer<typeof Wave>;

/** What a Distributed Map with a ResultWriter returns; null before the first, and where the Map itself failed. */
export const MapResult = z.object({
  MapRunArn: z.string(),
  ResultWriterDetails: z.object({ Bucket: z.string(), Key: z.string() }),
});
export type MapResult = z.infer<typeof MapResult>;

/**
 * What to do after a wave, or after a look at the services. `next`: straight on; `pause` first; `ask_approval`;
 * `probe_services`; `back_off`, wait `waitSeconds` and look at the services again; `halt`.
 */
export const Judgement = z.strictObject({
  verdict: z.enum(['next', 'pause', 'ask_approval', 'probe_services', 'back_off', 'halt']),
  /** Looks at the services after this wave. */
  attempt: z.int(),
  waitSeconds: z.int(),
  /** Failures in the waves after this number count: the last one before the rollout was resumed, 0 at first. */
  sinceWave: z.int(),
  /** Failed deployments since then, and how many of them are tolerated. */
  failed: z.int(),
  tolerated: z.int(),
  summary: z.string(),
  /** Why it halts, as an error's name; null otherwise. */
  reason: z.nullable(z.string()),
});
export type Judgement = z.infer<typeof Judgement>;

/** What a person answered. */
export const Approval = z.strictObject({
  verdict: z.enum(['approved', 'rejected']),
  by: z.string().check(z.maxLength(200)),
});
export type Approval = z.infer<typeof Approval>;

/** What a halted rollout does next. `redriveCount`: the execution's when it was halted; a larger one resumes it. */
export const Halt = z.strictObject({
  verdict: z.enum(['stop', 'roll_back']),
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

/** What ended, and with that the output of the execution. `counts`: targets by the outcome of their deployment. */
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
  /** What a person should look at although it ended well; left out where there is nothing. */
  warning: z.optional(z.string()),
});
export type RecordedRollout = z.infer<typeof RecordedRollout>;

const Caught = z.strictObject({ Error: z.string(), Cause: z._default(z.string(), '') });

/** What flows through the states: ResolveCertificate returns it with every field seeded, so no path can fail to resolve. */
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
