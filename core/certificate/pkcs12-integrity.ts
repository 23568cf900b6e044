// The integrity check of a PKCS#12 file, which detects a wrong passphrase: an HMAC whose key is derived from the passphrase.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { bufferOf, childrenOf, countOf, type Node, octetsOf, oidOf } from './asn1.ts';
import { type Derivation, pseudoRandomDigest, readDerivation, unsupported } from './encryption.ts';
import { type Digest, digestBytes, pkcs12Key, pkcs12Rounds } from './pkcs12-key.ts';

/** `iterations`: the cost of one check. `secret` null is no passphrase. */
export interface IntegrityCheck {
  readonly iterations: number;
  isIntact(content: Uint8Array, secret: string | null): boolean;
  /** The value that makes other content intact, with the same algorithm, salt and iterations. */
  valueFor(content: Uint8Array, secret: string | null): Buffer;
}

const pbmac1 = '1.2.840.113549.1.5.14';

const digests: Readonly<Record<string, Digest>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** MacData (RFC 7292 section 4). Throws a plain Error for an algorithm that certferry does not support. */
export function readIntegrityCheck(mac: Node): IntegrityCheck {
  const [digestInfo, salt, count] = childrenOf(mac);
  const [algorithm, expected] = childrenOf(digestInfo);
  const [type, parameters] = childrenOf(algorithm);
  const { digest, iterations, derive } =
    oidOf(type) === pbmac1 ? readPbmac1(parameters) : readHmac(oidOf(type), salt, count);
  const expectedBytes = bufferOf(octetsOf(expected));
  const valueFor = (content: Uint8Array, secret: string | null) =>
    createHmac(digest, derive(secret)).update(content).digest();
  return {
    iterations,
    valueFor,
    isIntact(content, secret) {
      const actual = valueFor(content, secret);
      return actual.length === expectedBytes.length && timingSafeEqual(actual, expectedBytes);
    },
  };
}

interface HmacKey extends Derivation {
  readonly digest: Digest;
}

/** RFC 7292 appendix A. Without a number of iterations, there is one. */
function readHmac(oid: string, saltNode: Node | undefined, count: Node | undefined): HmacKey {
  const digest = Object.hasOwn(digests, oid) ? digests[oid] : undefined;
  if (digest === undefined) throw unsupported('integrity check', oid);
  const salt = bufferOf(octetsOf(saltNode));
  const iterations = count === undefined ? 1 : countOf(count);
  const derivation = { digest, purpose: 'mac', salt, iterations, length: digestBytes[digest] } as const;
  return { digest, iterations: pkcs12Rounds(derivation), derive: (secret) => pkcs12Key(secret, derivation) };
}

/**
 * RFC 9579: the parameters name the derivation, with the length of its key, and the HMAC. Salt and iterations of MacData are
 * ignored. The passphrase is UTF-8.
 */
function readPbmac1(parameters: Node | undefined): HmacKey {
  const [derivation, scheme] = childrenOf(parameters);
  const digest = pseudoRandomDigest(childrenOf(scheme)[0]);
  return { digest, ...readDerivation(derivation, null) };
}
