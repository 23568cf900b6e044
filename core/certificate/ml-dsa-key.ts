import { createPublicKey, type KeyObject } from 'node:crypto';
import { tryOr } from './try-or.ts';

/** Version 0 of a PrivateKeyInfo, and the OCTET STRING with a seed of 32 bytes, tagged [0]. */
const [version, seedHeader] = [Buffer.from('020100', 'hex'), Buffer.from('04228020', 'hex')];

/** The AlgorithmIdentifier of ML-DSA in an SPKI follows the header of the SPKI (RFC 9881 section 4). */
const algorithmInSpki = { start: 4, end: 17 };

/**
 * The PKCS#8 of an ML-DSA key as its seed, the form that every implementation reads and RFC 9881 section 6 recommends:
 * 54 bytes instead of 2 to 5 KB. Null for a key without a seed, and for any other key.
 */
export function seedPkcs8(key: KeyObject): Buffer | null {
  const priv = tryOr(
    () => Object.entries(key.export({ format: 'jwk' })).find(([name]) => name === 'priv'),
    undefined,
  );
  if (priv === undefined) return null;
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const algorithm = spki.subarray(algorithmInSpki.start, algorithmInSpki.end);
  const content = Buffer.concat([version, algorithm, seedHeader, Buffer.from(String(priv[1]), 'base64url')]);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}
