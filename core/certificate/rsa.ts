import type { KeyObject } from 'node:crypto';

/**
 * Whether the numbers of an RSA private key are consistent (RFC 8017 section 3.2); true for other key types. OpenSSL signs
 * correctly even if some of the numbers are damaged; other TLS libraries do not.
 */
export function isConsistentRsa(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return true;
  const jwk = key.export({ format: 'jwk' });
  const [n, e, d, p, q] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q].map(numberOf) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const [dp, dq, qi] = [jwk.dp, jwk.dq, jwk.qi].map(numberOf) as [bigint, bigint, bigint];
  if (p < 3n || q < 3n || n !== p * q) return false;
  const inverse = (e * d) % (p - 1n) === 1n && (e * d) % (q - 1n) === 1n;
  return inverse && dp === d % (p - 1n) && dq === d % (q - 1n) && (qi * q) % p === 1n;
}

function numberOf(base64url: string | undefined): bigint {
  return BigInt(`0x0${Buffer.from(String(base64url), 'base64url').toString('hex')}`);
}
