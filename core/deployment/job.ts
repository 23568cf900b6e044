import * as z from 'zod/mini';
import { Target, TargetId } from '../targets/target.ts';
import { Verify } from '../targets/verify.ts';
import { Bundle, Fingerprint, VersionFacts } from './version.ts';

/**
 * The actions of a job, the instruction that is sent to an agent.
 *
 * | action   | body               | what the agent does |
 * | -------- | ------------------ | ------------------- |
 * | enroll   | none               | creates the key of the host if there is none, and returns its public half |
 * | validate | sealed             | stages the files, lets the daemon check them, removes them (dry run) |
 * | deploy   | sealed             | installs the version |
 * | rollback | none               | installs the previous version, as a deployment of its own |
 * | undo     | none               | reverses the deployment `deploymentId` |
 * | onDeployed | commands         | runs the commands of the target after a verified deployment, at most once |
 * | inspect  | a probe, or none   | reports the installed version, the outcome of `deploymentId`, and the result of the probe |
 * | inspect  | inspections        | reports what each endpoint serves; takes no lock and recovers no earlier job |
 *
 * For a target in a store, `rollback`, `undo` and `inspect` without a probe have a sealed body too: each needs credentials.
 */
export const jobActions = [
  'enroll',
  'validate',
  'deploy',
  'rollback',
  'undo',
  'onDeployed',
  'inspect',
] as const;
export const JobAction = z.enum(jobActions);
export type JobAction = z.infer<typeof JobAction>;

/** The name of the deployment's execution (Step Functions: 80 characters). */
export const DeploymentId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,80}$/));

/** Unencrypted beside a sealed body, and authenticated with it. Agents refuse it after `expiresAt` (epoch seconds). */
export const JobHeader = z.strictObject({
  v: z.literal(1),
  action: JobAction,
  deploymentId: DeploymentId,
  targetId: TargetId,
  fence: z.int().check(z.nonnegative()),
  expiresAt: z.int().check(z.positive()),
  /** The id of the rollout of this deployment. Its rollback reverses only what the same rollout has installed. */
  rollout: z.optional(z.string()),
});
export type JobHeader = z.infer<typeof JobHeader>;

/** The values of the credentials of a target, by the name of their field in `config`. Secret. */
export const CredentialValues = z.record(z.string(), z.string());
export type CredentialValues = z.infer<typeof CredentialValues>;

/** The sealed part of `deploy` and `validate`. `credentials`: only for a kind that has some. */
export const SealedBody = z.strictObject({
  target: Target,
  bundle: Bundle,
  credentials: z.optional(CredentialValues),
});
export type SealedBody = z.infer<typeof SealedBody>;

/**
 * The sealed part of every job for a target in a store, except `enroll`. `bundle` only with `deploy` and `validate`.
 * `previous`: bundles of earlier versions, for a store that returns no keys. `replaces`: as in an open job.
 */
export const SealedStoreBody = z.strictObject({
  target: Target,
  bundle: z.nullable(Bundle),
  credentials: CredentialValues,
  previous: z.array(Bundle),
  replaces: z.optional(Fingerprint),
});
export type SealedStoreBody = z.infer<typeof SealedStoreBody>;

/** The probe that an `inspect` job makes from the host (`probeFrom: host`). */
export const ProbeRequest = z.strictObject({ verify: Verify, version: VersionFacts });
export type ProbeRequest = z.infer<typeof ProbeRequest>;

/**
 * An endpoint that a host inspects for the drift sweep, without a judgement. `version`, if known, selects the certificate
 * of a server that has one per key algorithm.
 */
export const InspectionRequest = z.strictObject({
  targetId: TargetId,
  verify: Verify,
  version: z.nullable(VersionFacts),
});
export type InspectionRequest = z.infer<typeof InspectionRequest>;

/** The results of this many inspections fit into one agent line, unless a name has dozens of addresses. */
export const maximumInspections = 8;

/**
 * A job without secrets, sent as base64url of its JSON. `inspections` only with action `inspect`, `commands` (argv arrays) only
 * with `onDeployed`.
 */
export const OpenJob = z.strictObject({
  header: JobHeader,
  probe: z.nullable(ProbeRequest),
  inspections: z.optional(z.array(InspectionRequest).check(z.minLength(1), z.maxLength(maximumInspections))),
  /** The version that a rollback may replace. Default: whichever is installed. */
  replaces: z.optional(Fingerprint),
  commands: z.optional(z.array(z.array(z.string()).check(z.minLength(1)))),
});
export type OpenJob = z.infer<typeof OpenJob>;

/** Characters of one SSM parameter: a Windows environment variable holds 32,767 (see the SSM document). */
export const maximumJobCharacters = 30_000;
