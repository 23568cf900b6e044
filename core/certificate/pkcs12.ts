// Reads PKCS#12 (RFC 7292) into the same blocks as PEM. The reader of node-forge is not used, because it converts
// certificates and keys, which loses their exact bytes, and supports RSA only.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { CertferryError, isCertferryError } from '../errors.ts';
import {
  type ByteString,
  bufferOf,
  childrenOf,
  countOf,
  derOf,
  type Node,
  octetsOf,
  oidOf,
  parseDer,
} from './asn1.ts';
import type { DerivationBudget } from './derivation-budget.ts';
import { type Encryption, readEncryption } from './encryption.ts';
import { wrongPassphrase } from './passphrase.ts';
import type { Block } from './pem.ts';
import { type Digest, digestBytes, type Pkcs12Derivation, pkcs12Key, pkcs12Rounds } from './pkcs12-key.ts';
import { readSealedKey } from './sealed-key.ts';

const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const keyBag = '1.2.840.113549.1.12.10.1.1';
const shroudedKeyBag = '1.2.840.113549.1.12.10.1.2';
const certificateBag = '1.2.840.113549.1.12.10.1.3';
const safeContentsBag = '1.2.840.113549.1.12.10.1.6';
const x509Certificate = '1.2.840.113549.1.9.22.1';

/** The digests of integrity checks. */
const digests: Readonly<Record<string, Digest>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

interface IntegrityCheck {
  readonly derivation: Pkcs12Derivation;
  readonly expected: Buffer;
}

/** One part of the file: bags in clear, or bags to decrypt. */
interface Part {
  readonly content: ByteString;
  readonly encryption: Encryption | null;
}

/**
 * Certificates and keys of a PKCS#12 file as blocks; keys that are encrypted individually stay encrypted. Without a
 * passphrase, the empty one is used. The iterations of all parts are spent before the first derivation.
 * @throws CertferryError WrongPassphrase, BundleUnreadable
 */
export function readPkcs12(
  bytes: Uint8Array,
  passphrase: string | undefined,
  budget: DerivationBudget,
): Block[] {
  try {
    const [, authenticatedSafe, mac] = childrenOf(parseDer(bytes));
    const content = plainContent(authenticatedSafe);
    const check = mac === undefined ? null : readIntegrityCheck(childrenOf(mac));
    const parts = childrenOf(parseDer(content)).map(readPart);
    const keys = parts.flatMap(clearBags).filter(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
    budget.spend(
      'pkcs12',
      (check === null ? 0 : pkcs12Rounds(check.derivation)) + sum(parts.map(iterationsOf)),
      sum(keys.map((key) => readSealedKey(key, passphrase).iterations)),
    );
    if (check !== null) checkIntegrity(check, content, passphrase);
    return parts.flatMap((part) => bagsOf(openPart(part, passphrase)));
  } catch (error) {
    throw isCertferryError(error) ? error : unreadable(error);
  }
}

/** MacData (RFC 7292 section 4); without a number of iterations, there is one. */
function readIntegrityCheck([digestInfo, saltNode, count]: Node[]): IntegrityCheck {
  const [algorithm, expected] = childrenOf(digestInfo);
  const oid = oidOf(childrenOf(algorithm)[0]);
  const digest = Object.hasOwn(digests, oid) ? digests[oid] : undefined;
  if (digest === undefined) throw new Error(`its integrity check (${oid}) is not supported`);
  const salt = bufferOf(octetsOf(saltNode));
  const iterations = count === undefined ? 1 : countOf(count);
  const derivation = { digest, purpose: 'mac', salt, iterations, length: digestBytes[digest] } as const;
  return { derivation, expected: bufferOf(octetsOf(expected)) };
}

/** RFC 7292 appendix A: HMAC with a key derived from the passphrase. Detects a wrong passphrase. */
function checkIntegrity(
  { derivation, expected }: IntegrityCheck,
  content: ByteString,
  passphrase: string | undefined,
): void {
  const key = pkcs12Key(passphrase ?? '', derivation);
  const actual = createHmac(derivation.digest, key).update(bufferOf(content)).digest();
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) throw wrong(passphrase);
}

function readPart(part: Node): Part {
  const [type, content] = childrenOf(part);
  if (oidOf(type) !== encryptedData) return { content: plainContent(part), encryption: null };
  const [, encrypted] = childrenOf(childrenOf(content)[0]);
  const [, algorithm, cipherText] = childrenOf(encrypted);
  if (algorithm === undefined) throw new Error('its encryption is not named');
  return { content: octetsOf(cipherText), encryption: readEncryption(algorithm) };
}

function iterationsOf({ encryption }: Part): number {
  return encryption?.iterations ?? 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** The bags of a part that is not encrypted as a whole; its keys may be. */
function clearBags({ content, encryption }: Part): Block[] {
  return encryption === null ? bagsOf(parseDer(content)) : [];
}

/** The SafeContents of one part. */
function openPart({ content, encryption }: Part, passphrase: string | undefined): Node {
  if (encryption === null) return parseDer(content);
  const clear = encryption.decrypt(bufferOf(content), passphrase ?? '');
  if (clear === null) throw wrong(passphrase);
  try {
    return parseDer(clear);
  } catch {
    throw wrong(passphrase); // one of 256 wrong passphrases produces valid padding
  }
}

function plainContent(part: Node | undefined): ByteString {
  const [type, content] = childrenOf(part);
  if (oidOf(type) !== data) throw new Error(`it holds content of type ${oidOf(type)}`);
  return octetsOf(childrenOf(content)[0]);
}

function bagsOf(safeContents: Node): Block[] {
  return childrenOf(safeContents).flatMap(blocksOf);
}

function blocksOf(bag: Node): Block[] {
  const [type, tagged] = childrenOf(bag);
  const [value] = childrenOf(tagged);
  if (value === undefined) throw new Error('it has an empty bag');
  const kind = oidOf(type);
  if (kind === safeContentsBag) return bagsOf(value);
  if (kind === keyBag) return [block('PRIVATE KEY', derOf(value))];
  if (kind === shroudedKeyBag) return [block('ENCRYPTED PRIVATE KEY', derOf(value))];
  return kind === certificateBag ? certificateIn(value) : [];
}

function certificateIn(bag: Node): Block[] {
  const [type, tagged] = childrenOf(bag);
  if (oidOf(type) !== x509Certificate) return [];
  return [block('CERTIFICATE', bufferOf(octetsOf(childrenOf(tagged)[0])))];
}

function block(label: string, der: Buffer): Block {
  return { field: 'pkcs12', label, headers: '', der };
}

function wrong(passphrase: string | undefined): CertferryError {
  return wrongPassphrase('pkcs12', 'PKCS#12 file', passphrase);
}

function unreadable(cause: unknown): CertferryError {
  const reason = String(cause).replace(/^Error: |\.$/g, '');
  const message = `The field "pkcs12" cannot be read as PKCS#12: ${reason}. Export it again with "openssl pkcs12 -export", or use PEM.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: 'pkcs12' } });
}
