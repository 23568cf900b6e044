import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** What a private key contains beyond its public key. */
export interface SecretParts {
  /** Consecutive secret bytes, big-endian. */
  readonly bytes: readonly Buffer[];
  /** The same secrets as numbers, for programs that print decimals. */
  readonly numbers: readonly bigint[];
  /** DER of the public key: a part of this is no secret. */
  readonly publicBytes: Buffer;
}

/** The secret members of a JWK (RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2). `n`, `e`, `x` and `y` are public. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const satisfies readonly (keyof JsonWebKey)[];

/** The header of a PKCS#8 with a key of ML-DSA, before the seed and the expanded key (RFC 9881 section 6). */
const mlDsaHeaderBytes = 24;

/**
 * The secret parts of a key: the six secret numbers of RSA, the scalar of an elliptic curve, or the seed of Ed25519. For
 * RSA, also the end of the DER from `d` on, so that a fragment across two numbers counts. For ML-DSA, the whole private
 * part: a key without a seed has no JWK.
 */
export function secretParts(key: KeyObject): SecretParts {
  const publicBytes = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const der = key.export({ type: 'pkcs8', format: 'der' });
  if (key.asymmetricKeyType?.startsWith('ml-dsa-') === true) {
    return { bytes: [der.subarray(mlDsaHeaderBytes)], numbers: [], publicBytes };
  }
  const jwk = (key.asymmetricKeyType === 'rsa-pss' ? rsaKeyIn(der) : key).export({ format: 'jwk' });
  const members = secretMembers.flatMap((name) => {
    const text = jwk[name];
    return text === undefined ? [] : [Buffer.from(text, 'base64url')];
  });
  const numbers = members.map((bytes) => BigInt(`0x${bytes.toString('hex')}`));
  const [exponent, ...others] = members;
  const isRsa = exponent !== undefined && others.length > 0;
  return { bytes: isRsa ? [...members, der.subarray(der.indexOf(exponent))] : members, numbers, publicBytes };
}

/** Version 0 and the start of the modulus in an RSAPrivateKey of at least 1,024 bits (RFC 8017 §A.1.2). */
const rsaVersion = Buffer.from('02010002', 'hex');

/** The plain RSA key in the PKCS#8 of an RSA-PSS key: JWK has no RSA-PSS keys. */
function rsaKeyIn(pkcs8: Buffer): KeyObject {
  // the header of a sequence of 256 to 65,535 bytes has 4 bytes
  const start = pkcs8.indexOf(rsaVersion) - 4;
  return createPrivateKey({ key: pkcs8.subarray(start), type: 'pkcs1', format: 'der' });
}
