// The outer form of a PKCS#12 store (RFC 7292 section 4): parts with bags, and the integrity check over all of them.
import { createHmac, randomBytes } from 'node:crypto';
import { parseDer } from '../certificate/asn1.ts';
import { readIntegrityCheck } from '../certificate/pkcs12-integrity.ts';
import { pkcs12Key } from '../certificate/pkcs12-key.ts';
import { type Bag, readBags } from './bag.ts';
import { type BerValue, bytesOf, oidOf, partsOf, readBer, tags } from './ber.ts';
import { der, explicit, integer, nothing, objectIdentifier, octetString, sequence } from './der.ts';
import { type KeystoreSubject, orDamaged, refusedPassword, unfit } from './problem.ts';
import { type Decryption, decryptionOf, encryptWith, type Scheme, schemeLike } from './scheme.ts';

const oids = {
  data: '2a864886f70d010701',
  encryptedData: '2a864886f70d010706',
  sha1: '2b0e03021a',
  sha256: '608648016503040201',
} as const;

/** One part. `scheme`: null if its bags are not encrypted. `raw`: null for a new one. */
export interface Part {
  readonly raw: Buffer | null;
  readonly scheme: Scheme | null;
  readonly bags: readonly Bag[];
}

/** The integrity check of a store: that of the file, or a new one. `none`: the file has no check. */
export type Integrity = 'modern' | 'legacy' | { readonly like: BerValue } | 'none';

export interface Pkcs12File {
  readonly parts: readonly Part[];
  readonly integrity: Integrity;
}

/** Derivations of one store. OpenSSL needs about a second for as many. */
export const maximumIterations = 5_000_000;

/**
 * Reads a store and decrypts its parts, but no key.
 * @throws CertferryError CredentialRefused; PlanInvalid for a store that is damaged, or costs too many iterations
 */
export function openPkcs12(bytes: Uint8Array, password: string, subject: KeystoreSubject): Pkcs12File {
  return orDamaged(subject, () => {
    const [, authenticatedSafe, mac] = partsOf(readBer(bytes), tags.sequence);
    const content = dataIn(authenticatedSafe);
    const check = mac === undefined ? null : readIntegrityCheck(parseDer(mac.raw));
    const closed = partsOf(readBer(content), tags.sequence).map(readPart);
    const iterations = closed.reduce((total, { decryption }) => total + (decryption?.iterations ?? 0), 0);
    requireAffordable((check?.iterations ?? 0) + iterations, subject);
    if (check !== null && !check.isIntact(content, password)) {
      throw refusedPassword(
        subject,
        'storePassword',
        'its integrity check fails. The password is wrong, or the file is damaged',
      );
    }
    return {
      parts: closed.map((part) => openPart(part, password, subject)),
      integrity: mac === undefined ? 'none' : { like: mac },
    };
  });
}

/** @throws CertferryError PlanInvalid */
export function requireAffordable(iterations: number, subject: KeystoreSubject): void {
  if (iterations <= maximumIterations) return;
  throw unfit(
    subject,
    `derives its keys in ${iterations} iterations, and at most ${maximumIterations} are allowed`,
  );
}

interface ClosedPart {
  readonly raw: Buffer;
  readonly decryption: Decryption | null;
  readonly scheme: Scheme | null;
  readonly content: Buffer;
}

function readPart(part: BerValue): ClosedPart {
  const [type, tagged] = partsOf(part, tags.sequence);
  if (oidOf(type) !== oids.encryptedData)
    return { raw: part.raw, decryption: null, scheme: null, content: dataIn(part) };
  const [, info] = partsOf(partsOf(tagged)[0], tags.sequence);
  const [, algorithm, cipherText] = partsOf(info, tags.sequence);
  if (algorithm === undefined) throw new Error('the encryption of a part is not named');
  return {
    raw: part.raw,
    decryption: decryptionOf(algorithm, cipherText),
    scheme: schemeLike(algorithm),
    content: Buffer.alloc(0),
  };
}

function openPart(
  { raw, decryption, scheme, content }: ClosedPart,
  password: string,
  subject: KeystoreSubject,
): Part {
  if (decryption === null) return { raw, scheme, bags: readBags(content) };
  const clear = decryption.open(password);
  if (clear === null) throw refusedPassword(subject, 'storePassword', 'a part cannot be decrypted with it');
  return { raw, scheme, bags: readBags(clear) };
}

/** The content of a ContentInfo of type `data`. */
function dataIn(part: BerValue | undefined): Buffer {
  const [type, tagged] = partsOf(part, tags.sequence);
  if (oidOf(type) !== oids.data)
    throw new Error('a part is encrypted with a public key, or has another type');
  return bytesOf(partsOf(tagged)[0]);
}

/** The file in DER. Parts with `raw` are written as they were. */
export function writePkcs12({ parts, integrity }: Pkcs12File, password: string): Buffer {
  const content = sequence(...parts.map((part) => part.raw ?? writtenPart(part, password)));
  const mac = macOf(integrity, content, password);
  return sequence(integer(3), dataPart(content), ...(mac === null ? [] : [mac]));
}

function writtenPart({ scheme, bags }: Part, password: string): Buffer {
  const content = sequence(...bags.map(({ raw }) => raw));
  if (scheme === null) return dataPart(content);
  const { algorithm, cipherText } = encryptWith(scheme, content, password);
  // [0] IMPLICIT OCTET STRING (RFC 5652 section 6.1)
  const info = sequence(objectIdentifier(oids.data), algorithm, der(0x80, cipherText));
  return sequence(objectIdentifier(oids.encryptedData), explicit(0, sequence(integer(0), info)));
}

const dataPart = (content: Buffer): Buffer =>
  sequence(objectIdentifier(oids.data), explicit(0, octetString(content)));

const newChecks = {
  modern: { digest: 'sha256', oid: oids.sha256, length: 32 },
  legacy: { digest: 'sha1', oid: oids.sha1, length: 20 },
} as const;

/** Iterations of keytool in Java 17 for the integrity check. */
const macIterations = 10_000;

function macOf(integrity: Integrity, content: Buffer, password: string): Buffer | null {
  if (integrity === 'none') return null;
  if (typeof integrity === 'object') return macLike(integrity.like, content, password);
  const { digest, oid, length } = newChecks[integrity];
  const salt = randomBytes(20);
  const key = pkcs12Key(password, { digest, purpose: 'mac', salt, iterations: macIterations, length });
  const value = createHmac(digest, key).update(content).digest();
  const algorithm = sequence(objectIdentifier(oid), nothing);
  return sequence(sequence(algorithm, octetString(value)), octetString(salt), integer(macIterations));
}

/** The same algorithm, salt and iterations, with the value for this content. */
function macLike(mac: BerValue, content: Buffer, password: string): Buffer {
  const [digestInfo, ...parameters] = partsOf(mac, tags.sequence);
  const [algorithm] = partsOf(digestInfo, tags.sequence);
  const value = readIntegrityCheck(parseDer(mac.raw)).valueFor(content, password);
  return sequence(
    sequence(algorithm?.raw ?? Buffer.alloc(0), octetString(value)),
    ...parameters.map(({ raw }) => raw),
  );
}
