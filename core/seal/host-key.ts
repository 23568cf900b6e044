import { createHash, generateKeyPairSync } from 'node:crypto';
import * as z from 'zod/mini';
import type { HostKey } from '../deployment/agent-line.ts';

/** 32 bytes as base64url: the length of both halves of an X25519 key (RFC 7748 §5). */
const Octets32 = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** The X25519 key pair of a host, as stored on the host (mode 0600): the members of its JWK, and `kid`, its thumbprint. */
export const HostPrivateKey = z.strictObject({ kid: z.string(), x: Octets32, d: Octets32 });
export type HostPrivateKey = z.infer<typeof HostPrivateKey>;

/** Creates a key pair. The private half never leaves the host. */
export async function makeHostKey(): Promise<HostPrivateKey> {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const halves = { x: Octets32.parse(x), d: Octets32.parse(d) };
  return { kid: thumbprint(halves.x), ...halves };
}

/** The public half, for the registry. */
export function publicHostKey(key: HostPrivateKey): HostKey {
  return { kid: key.kid, x: key.x };
}

/** RFC 7638 §3: SHA-256 over the required members only, in lexicographic order, without white space. */
export function thumbprint(x: string): string {
  const members = JSON.stringify({ crv: 'X25519', kty: 'OKP', x });
  return createHash('sha256').update(members).digest('base64url');
}

/** The JWK of the public half (RFC 8037 §2). */
export function publicJwk(key: HostKey) {
  return { kty: 'OKP', crv: 'X25519', x: key.x } as const;
}

/** The JWK of the pair. */
export function privateJwk(key: HostPrivateKey) {
  return { kty: 'OKP', crv: 'X25519', x: key.x, d: key.d } as const;
}
