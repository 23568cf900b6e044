/**
 * A job as text, for one SSM parameter. Five parts separated by dots are a sealed job (compact JWE); text without a dot is
 * an open job (base64url of its JSON). Reading a sealed job does not authenticate its header; `unseal` does.
 *
 * A job for a target with files is sealed if it has a bundle. Each job for a target in a store is sealed.
 */
import * as z from 'zod/mini';
import { type JobAction, JobHeader, OpenJob } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';

/** The protected header that certferry writes. Any other is refused. */
const ProtectedHeader = z.strictObject({
  alg: z.literal('ECDH-ES'),
  enc: z.literal('A256GCM'),
  zip: z.literal('DEF'),
  kid: z.string(),
  epk: z.union([
    z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string() }),
    z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  ]),
  job: JobHeader,
});

/** The actions with a bundle. These jobs are always sealed. */
export const bundleActions: readonly JobAction[] = ['validate', 'deploy'];

/** Makes the key to which jobs are sealed, so it is never sealed itself. */
const openAction: JobAction = 'enroll';

/** A job as received by a host. `kid` names the key of the host that opens it. */
export type ReadJob =
  | { sealed: true; header: JobHeader; kid: string; text: string }
  | { sealed: false; job: OpenJob };

/** The text of a job without secrets: base64url, no dots. */
export function openJobText(job: OpenJob): string {
  return Buffer.from(JSON.stringify(job), 'utf8').toString('base64url');
}

/**
 * Reads the text of a job without opening it.
 * @throws CertferryError JobUnreadable if the text is not a job of this version
 */
export function readJob(text: string): ReadJob {
  return text.includes('.') ? readSealed(text) : readOpen(text);
}

function readOpen(text: string): ReadJob {
  const job = OpenJob.safeParse(parseJson(decode(text, 'the job')));
  if (!job.success) throw unreadable(`its fields are not those of an open job: ${fieldsOf(job.error)}`);
  if (bundleActions.includes(job.data.header.action)) {
    throw unreadable(`a ${job.data.header.action} job must be sealed`);
  }
  return { sealed: false, job: job.data };
}

function readSealed(text: string): ReadJob {
  const parts = text.split('.');
  if (parts.length !== 5) throw unreadable(`a sealed job has 5 parts, this has ${parts.length}`);
  // Every part must be canonical: otherwise spare bits in a last character would give one job several texts.
  for (const part of parts.slice(1)) decode(part, 'the sealed part');
  const header = ProtectedHeader.safeParse(parseJson(decode(text.slice(0, text.indexOf('.')), 'the header')));
  if (!header.success) throw unreadable(`its header is not that of a sealed job: ${fieldsOf(header.error)}`);
  const { job, kid } = header.data;
  if (job.action === openAction) throw unreadable(`the job ${job.action} must not be sealed`);
  return { sealed: true, header: job, kid, text };
}

/** Accepts only the canonical base64url form. */
function decode(part: string, what: string): string {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw unreadable(`${what} is not base64url`);
  return bytes.toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('it does not hold JSON');
  }
}

/** The names of the invalid fields. Values are omitted, because they may contain a bundle. */
export function fieldsOf(error: z.core.$ZodError): string {
  const fields = error.issues.map((issue) => issue.path.join('.') || 'the root');
  return [...new Set(fields)].join(', ');
}

export function unreadable(why: string): CertferryError {
  return new CertferryError(
    'JobUnreadable',
    `The job cannot be read: ${why}. The sender and this agent may have different versions. Update certferry and deploy again.`,
  );
}
