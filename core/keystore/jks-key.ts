// The encryption of keys in JKS (`sun.security.provider.KeyProtector`): SHA-1 as a stream cipher. Java has no other for JKS.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { bytesOf, oidOf, partsOf, readBer } from './ber.ts';
import { nothing, objectIdentifier, octetString, sequence } from './der.ts';

const keyProtector = '2b060104012a02110101';
const saltBytes = 20;
const digestBytes = 20;

/** A password as JKS digests it: UTF-16, the highest byte first. */
export const passwordBytes = (password: string): Buffer => Buffer.from(password, 'utf16le').swap16();

/** The key in PKCS#8. Null if the password is wrong. Throws a plain Error if the entry is damaged. */
export function openJksKey(encrypted: Uint8Array, password: string): Buffer | null {
  const [algorithm, content] = partsOf(readBer(encrypted));
  if (oidOf(partsOf(algorithm)[0]) !== keyProtector)
    throw new Error('a key is encrypted by another algorithm than that of JKS');
  const bytes = bytesOf(content);
  if (bytes.length < saltBytes + digestBytes) throw new Error('a key ends early');
  const secret = passwordBytes(password);
  const clear = applyStream(bytes.subarray(saltBytes, -digestBytes), secret, bytes.subarray(0, saltBytes));
  return timingSafeEqual(sha1(secret, clear), bytes.subarray(-digestBytes)) ? clear : null;
}

/** EncryptedPrivateKeyInfo of a key in PKCS#8. */
export function sealJksKey(pkcs8: Uint8Array, password: string): Buffer {
  const secret = passwordBytes(password);
  const salt = randomBytes(saltBytes);
  const bytes = Buffer.concat([salt, applyStream(pkcs8, secret, salt), sha1(secret, pkcs8)]);
  return sequence(sequence(objectIdentifier(keyProtector), nothing), octetString(bytes));
}

function applyStream(bytes: Uint8Array, secret: Buffer, salt: Uint8Array): Buffer {
  const result = Buffer.from(bytes);
  let block: Uint8Array = salt;
  for (let at = 0; at < result.length; at += digestBytes) {
    const mask = sha1(secret, block);
    block = mask;
    for (const [index, byte] of mask.entries()) {
      if (at + index < result.length) result[at + index] = (result[at + index] ?? 0) ^ byte;
    }
  }
  return result;
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
