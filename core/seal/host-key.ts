import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import * as z from 'zod/mini';
import type { HostKey } from '../deployment/agent-line.ts';

/** 32 bytes as base64url: each half of an X25519 key (RFC 7748 §5), each coordinate and the private half of a P-256 key. */
const Octets32 = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

const x25519 = { kid: z.string(), x: Octets32, d: Octets32 };

/**
 * The key pair of a host, as stored on the host (mode 0600): the members of its JWK, and `kid`, its thumbprint. Only a
 * P-256 key has `y`.
 */
export const HostPrivateKey = z.union([z.strictObject(x25519), z.strictObject({ ...x25519, y: Octets32 })]);
export type HostPrivateKey = z.infer<typeof HostPrivateKey>;

/** The curves of host keys. FIPS 140 allows only P-256 for key agreement (NIST SP 800-56A). */
export type HostKeyCurve = 'X25519' | 'P-256';

export const curveOf = (key: HostKey): HostKeyCurve => ('y' in key ? 'P-256' : 'X25519');

const generators: Readonly<Record<HostKeyCurve, () => JsonWebKey>> = {
  X25519: () => generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
};

/** Creates a key pair. The private half never leaves the host. Throws if the crypto library refuses the curve. */
export async function makeHostKey(curve: HostKeyCurve = 'X25519'): Promise<HostPrivateKey> {
  const { x, y, d } = generators[curve]();
  return HostPrivateKey.parse({
    kid: thumbprint({ kid: '', x: String(x), ...(y && { y }) }),
    x,
    ...(y && { y }),
    d,
  });
}

/** The public half, for the registry. */
export function publicHostKey({ d: _, ...key }: HostPrivateKey): HostKey {
  return key;
}

/** RFC 7638 §3: SHA-256 over the required members only, in lexicographic order, without white space. */
export function thumbprint(key: HostKey): string {
  const { kty, crv, ...coordinates } = publicJwk(key);
  return createHash('sha256')
    .update(JSON.stringify({ crv, kty, ...coordinates }))
    .digest('base64url');
}

/** The JWK of the public half (RFC 8037 §2, RFC 7518 §6.2). */
export function publicJwk(key: HostKey) {
  return 'y' in key
    ? ({ kty: 'EC', crv: 'P-256', x: key.x, y: key.y } as const)
    : ({ kty: 'OKP', crv: 'X25519', x: key.x } as const);
}

/** The JWK of the pair. */
export function privateJwk(key: HostPrivateKey) {
  return { ...publicJwk(key), d: key.d };
}
