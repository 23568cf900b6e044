import { randomBytes } from 'node:crypto';
import { type JobHeader, maximumJobCharacters } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';
import { digestOfJob, type SignaturePayload, separator } from './job-signature.ts';

/** A private key that signs jobs. */
export interface JobSigner {
  /** The id of the key: agents find the public half by it. */
  readonly kid: string;
  /** The ECDSA signature (P-256, SHA-256) of `input`: r and s with 32 bytes each (RFC 7518 §3.4). */
  sign(input: Uint8Array): Promise<Uint8Array>;
}

/**
 * Signs the text of a job for one host. Each call makes a new id, so a repeated delivery is another signed job.
 * @throws CertferryError JobTooLarge if job and signature have more than 30,000 characters; the errors of the signer
 */
export async function signJob(
  job: string,
  { header, host }: { readonly header: Pick<JobHeader, 'targetId' | 'expiresAt'>; readonly host: string },
  signer: JobSigner,
): Promise<string> {
  const payload: SignaturePayload = {
    v: 1,
    sha256: digestOfJob(job),
    jti: randomBytes(16).toString('base64url'),
    host,
    exp: header.expiresAt,
  };
  const input = `${encoded({ alg: 'ES256', kid: signer.kid })}.${encoded(payload)}`;
  const signature = Buffer.from(await signer.sign(Buffer.from(input))).toString('base64url');
  const text = `${input}.${signature}${separator}${job}`;
  if (text.length > maximumJobCharacters) throw tooLarge(header.targetId, text.length);
  return text;
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function tooLarge(targetId: string, characters: number): CertferryError {
  return new CertferryError(
    'JobTooLarge',
    `The job for ${targetId} is too large: bundle, target and signature have ${characters} characters; a command can have ${maximumJobCharacters}. Remove certificates from the chain that no client needs.`,
    { details: { targetId, characters, limit: maximumJobCharacters } },
  );
}
