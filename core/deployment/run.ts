import * as z from 'zod/mini';
import { Target } from '../targets/target.ts';
import { InspectionRequest, JobHeader, maximumInspections, ProbeRequest } from './job.ts';
import { Source } from './source.ts';
import { Fingerprint } from './version.ts';

/**
 * A job for the function that runs the agent (`host: lambda`). It has no secrets: the function reads the bundle from its source
 * and the credentials of the target from their references.
 *
 * | job | meaning |
 * | --- | --- |
 * | `store` | a job for the agent of a target in a store; `version` only with `deploy` and `validate` |
 * | `probe` | a probe of the endpoint from the function (`probeFrom: host`) |
 * | `inspect` | inspections of endpoints for the drift sweep |
 */
export const FunctionJob = z.discriminatedUnion('job', [
  z.strictObject({
    job: z.literal('store'),
    header: JobHeader,
    target: Target,
    version: z.nullable(z.strictObject({ fingerprint: Fingerprint, source: Source })),
    /** The version that a rollback may replace. Default: whichever is installed. */
    replaces: z.optional(Fingerprint),
  }),
  z.strictObject({ job: z.literal('probe'), header: JobHeader, probe: ProbeRequest }),
  z.strictObject({
    job: z.literal('inspect'),
    header: JobHeader,
    inspections: z.array(InspectionRequest).check(z.minLength(1), z.maxLength(maximumInspections)),
  }),
]);
export type FunctionJob = z.infer<typeof FunctionJob>;

/** The text of a job, as `Commands.send` takes it. */
export const functionJobText = (job: FunctionJob): string => JSON.stringify(job);
