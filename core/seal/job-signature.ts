import { createHash } from 'node:crypto';
import * as z from 'zod/mini';

/**
 * A signed job is `<JWS>~<job>`: a compact JWS (RFC 7515 §7.1, ES256), then the text of the job (`job-text.ts`). Neither
 * contains the separator.
 */
export const separator = '~';

/** The protected header. Any other is refused, so a signature cannot bring its own key. */
export const SignatureHeader = z.strictObject({ alg: z.literal('ES256'), kid: z.string() });

/**
 * The signed payload. It binds the signature to one text, one host and one use.
 *
 * - `sha256`: the digest of the job that follows, as base64url
 * - `jti`: a random id; a host accepts it once
 * - `host`: the id of the host in SSM, or its name in local mode
 * - `exp`: the time until which hosts accept the job, in epoch seconds
 */
export const SignaturePayload = z.strictObject({
  v: z.literal(1),
  sha256: z.string(),
  jti: z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/)),
  host: z.string(),
  exp: z.int().check(z.positive()),
});
export type SignaturePayload = z.infer<typeof SignaturePayload>;

/** The digest of a job in its signature. */
export function digestOfJob(job: string): string {
  return createHash('sha256').update(job, 'utf8').digest('base64url');
}
