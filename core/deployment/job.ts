import * as z from 'zod/mini';
import { Target, TargetId } from '../targets/target.ts';
import { Verify } from '../targets/verify.ts';
import { Bundle, Fingerprint, VersionFacts } from './version.ts';

/**
 * The instruction sent to an agent.
 *
 * | action   | body               | what the agent does |
 * | -------- | ------------------ | ------------------- |
 * | enroll   | none               | makes (or repeats) the host's public key |
 * | validate | sealed             | stages, lets the daemon judge, removes everything (dry run) |
 * | deploy   | sealed             | applies the version |
 * | rollback | none               | applies, as a deployment of its own, the version before the one installed |
 * | undo     | none               | undoes the deployment `deploymentId` |
 * | inspect  | a probe, or none   | says what is installed, how `deploymentId` ended, and what is served |
 * | inspect  | looks              | says what is served at each of them, and touches nothing: takes no lock, mends nothing |
 */
export const jobActions = ['enroll', 'validate', 'deploy', 'rollback', 'undo', 'inspect'] as const;
export const JobAction = z.enum(jobActions);
export type JobAction = z.infer<typeof JobAction>;

/** A deployment's id is the name of its execution (Step Functions: 80 characters). */
export const DeploymentId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,80}$/));

/** In clear beside a sealed body, and bound into its seal. `expiresAt` is epoch seconds: a later arrival is refused. */
export const JobHeader = z.strictObject({
  v: z.literal(1),
  action: JobAction,
  deploymentId: DeploymentId,
  targetId: TargetId,
  fence: z.int().check(z.nonnegative()),
  expiresAt: z.int().check(z.positive()),
  /** The id of the rollout that the deployment is a part of: on the way back it takes away only what it has brought. */
  rollout: z.optional(z.string()),
});
export type JobHeader = z.infer<typeof JobHeader>;

/** The sealed part of `deploy` and `validate`. */
export const SealedBody = z.strictObject({ target: Target, bundle: Bundle });
export type SealedBody = z.infer<typeof SealedBody>;

/** What an `inspect` job may ask the host to look at from its own side (`probeFrom: host`). */
export const ProbeRequest = z.strictObject({ verify: Verify, version: VersionFacts });
export type ProbeRequest = z.infer<typeof ProbeRequest>;

/**
 * What the drift sweep asks a host to look at, without a judgement. `version`, where it is known, says
 * which of a server's certificates is meant when it has one of each key algorithm.
 */
export const InspectionRequest = z.strictObject({
  targetId: TargetId,
  verify: Verify,
  version: z.nullable(VersionFacts),
});
export type InspectionRequest = z.infer<typeof InspectionRequest>;

/** What a host sees of so many targets fits into its line, unless their names have dozens of addresses. */
export const maximumInspections = 8;

/** A job without secrets, carried as base64url of its JSON. `looks` only with `inspect`. */
export const OpenJob = z.strictObject({
  header: JobHeader,
  probe: z.nullable(ProbeRequest),
  inspections: z.optional(z.array(InspectionRequest).check(z.minLength(1), z.maxLength(maximumInspections))),
  /** Of a rollback: the version that it may take away. Without it, whichever is installed. */
  replaces: z.optional(Fingerprint),
});
export type OpenJob = z.infer<typeof OpenJob>;

/** Characters of one SSM parameter: a Windows environment variable holds 32,767 (see the SSM document). */
export const maximumJobCharacters = 30_000;
