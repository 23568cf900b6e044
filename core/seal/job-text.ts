/**
 * A job as the one SSM parameter that carries it. Five parts with dots between them are a sealed job (compact JWE);
 * text without a dot is an open one (base64url of its JSON). Reading proves nothing: an unsealed header is a claim
 * until `unseal` has authenticated it.
 */
import * as z from 'zod/mini';
import { type JobAction, JobHeader, OpenJob } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';

/** The only protected header that certferry writes, and so the only one it reads. */
const ProtectedHeader = z.strictObject({
  alg: z.literal('ECDH-ES'),
  enc: z.literal('A256GCM'),
  zip: z.literal('DEF'),
  kid: z.string(),
  epk: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string() }),
  job: JobHeader,
});

/** The actions that carry a bundle: they are always sealed, and nothing else ever is. */
const sealedActions: readonly JobAction[] = ['validate', 'deploy'];

/** A job as it arrives on a host. `kid` says which of the host's keys opens it. */
export type ReadJob =
  | { sealed: true; header: JobHeader; kid: string; text: string }
  | { sealed: false; job: OpenJob };

/** The text of a job without secrets: base64url, no dots. */
export function openJobText(job: OpenJob): string {
  return Buffer.from(JSON.stringify(job), 'utf8').toString('base64url');
}

/** Reads a job's text without opening it. Throws JobUnreadable for anything that is not a job of this version. */
export function readJob(text: string): ReadJob {
  return text.includes('.') ? readSealed(text) : readOpen(text);
}

function readOpen(text: string): ReadJob {
  const job = OpenJob.safeParse(parseJson(decode(text, 'the job')));
  if (!job.success) throw unreadable(`its fields are not those of an open job: ${fieldsOf(job.error)}`);
  if (sealedActions.includes(job.data.header.action)) {
    throw unreadable(`a ${job.data.header.action} job has to be sealed`);
  }
  return { sealed: false, job: job.data };
}

function readSealed(text: string): ReadJob {
  const parts = text.split('.');
  if (parts.length !== 5) throw unreadable(`a sealed job has 5 parts, this has ${parts.length}`);
  // Strict in every part: spare bits in a last character would let two texts mean one job.
  for (const part of parts.slice(1)) decode(part, 'the sealed part');
  const header = ProtectedHeader.safeParse(parseJson(decode(text.slice(0, text.indexOf('.')), 'the header')));
  if (!header.success) throw unreadable(`its header is not that of a sealed job: ${fieldsOf(header.error)}`);
  const { job, kid } = header.data;
  if (!sealedActions.includes(job.action)) throw unreadable(`a ${job.action} job is never sealed`);
  return { sealed: true, header: job, kid, text };
}

/** Base64url in its one canonical spelling. */
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

/** Names of the fields that are wrong, never their values: a bundle may be among them. */
export function fieldsOf(error: z.core.$ZodError): string {
  const fields = error.issues.map((issue) => issue.path.join('.') || 'the whole');
  return [...new Set(fields)].join(', ');
}

export function unreadable(why: string): CertferryError {
  return new CertferryError(
    'JobUnreadable',
    `The job cannot be read: ${why}. The sender and this agent may be of different versions; deploy again after updating.`,
  );
}
