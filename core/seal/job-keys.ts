import { createHash } from 'node:crypto';
import * as z from 'zod/mini';

/** 32 bytes as base64url: one coordinate or the private part of a P-256 key (RFC 7518 §6.2). */
const Octets32 = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** The public half of a key that signs jobs (ECDSA P-256), as a JWK. `kid` is the id of its KMS key, or its thumbprint. */
export const JobKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: Octets32,
  y: Octets32,
  kid: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)),
});
export type JobKey = z.infer<typeof JobKey>;

const JobKeySet = z.object({ keys: z.array(JobKey).check(z.minLength(1)) });

/** The accepted keys as the SSM document contains them: a JWK set (RFC 7517 §5) as base64url, without a single quote. */
export function jobKeysText(keys: readonly JobKey[]): string {
  return Buffer.from(JSON.stringify({ keys })).toString('base64url');
}

/** Reads {@link jobKeysText}. Null if the text does not contain a valid key. */
export function readJobKeys(text: string): readonly JobKey[] | null {
  const parsed = JobKeySet.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  return parsed.success ? parsed.data.keys : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 7638 §3: SHA-256 over the required members only, in lexicographic order, without white space. */
export function jobKeyThumbprint({ x, y }: Pick<JobKey, 'x' | 'y'>): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
}
