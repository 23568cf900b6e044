// Reads PKCS#12 (RFC 7292) into the same blocks as PEM. The reader of node-forge is not used, because it converts
// certificates and keys, which loses their exact bytes, and supports RSA only.
import { CertferryError, isCertferryError } from '../errors.ts';
import {
  type ByteString,
  bufferOf,
  childrenOf,
  derOf,
  type Node,
  octetsOf,
  oidOf,
  parseDer,
} from './asn1.ts';
import { conversions } from './conversions.ts';
import type { DerivationBudget } from './derivation-budget.ts';
import { type Encryption, isUnsupported, readEncryption } from './encryption.ts';
import { asSubject, type Origin, originOf } from './origin.ts';
import { wrongPassphrase } from './passphrase.ts';
import type { Block } from './pem.ts';
import { type IntegrityCheck, readIntegrityCheck } from './pkcs12-integrity.ts';
import { readSealedKey } from './sealed-key.ts';
import { tryOr } from './try-or.ts';

const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const keyBag = '1.2.840.113549.1.12.10.1.1';
const shroudedKeyBag = '1.2.840.113549.1.12.10.1.2';
const certificateBag = '1.2.840.113549.1.12.10.1.3';
const safeContentsBag = '1.2.840.113549.1.12.10.1.6';
const x509Certificate = '1.2.840.113549.1.9.22.1';

/** One part of the file: bags in clear, or bags to decrypt. */
interface Part {
  readonly content: ByteString;
  readonly encryption: Encryption | null;
}

/** What a PKCS#12 file needs besides its bytes. */
export interface Pkcs12Options {
  readonly passphrase: string | undefined;
  readonly budget: DerivationBudget;
}

/** A PKCS#12 file before anything is derived or decrypted. */
interface Pkcs12File {
  readonly origin: Origin;
  readonly content: ByteString;
  readonly check: IntegrityCheck | null;
  readonly parts: readonly Part[];
}

/**
 * Certificates and keys of a PKCS#12 file as blocks; keys that are encrypted individually stay encrypted. Without a passphrase, the
 * file may have been written with the empty one or with none: they derive different keys. The iterations of all parts are spent
 * before the first derivation.
 * @throws CertferryError WrongPassphrase, BundleUnreadable
 */
export function readPkcs12(
  bytes: Uint8Array,
  { passphrase, budget }: Pkcs12Options,
  origin: Origin = originOf('pkcs12'),
): Block[] {
  const file = orUnreadable(origin, () => parseFile(origin, bytes));
  const open = (secret: string | null) =>
    orUnreadable(origin, () => openFile(file, { secret, passphrase, budget }));
  if (passphrase !== undefined && passphrase !== '') return open(passphrase);
  try {
    return open('');
  } catch (error) {
    if (!isCertferryError(error) || error.name !== 'WrongPassphrase') throw error;
    return tryOr(() => open(null), null) ?? refuse(error);
  }
}

function parseFile(origin: Origin, bytes: Uint8Array): Pkcs12File {
  const [, authenticatedSafe, mac] = childrenOf(parseDer(bytes));
  const content = plainContent(authenticatedSafe);
  const check = mac === undefined ? null : readIntegrityCheck(mac);
  return { origin, content, check, parts: childrenOf(parseDer(content)).map(readPart) };
}

/** `secret`: the passphrase to try; null derives from no bytes. */
interface Attempt extends Pkcs12Options {
  readonly secret: string | null;
}

function openFile(
  { origin, content, check, parts }: Pkcs12File,
  { secret, passphrase, budget }: Attempt,
): Block[] {
  const blocksIn = (node: Node) =>
    bagsOf(node).map((bag): Block => ({ ...bag, origin, headers: '', openedWith: secret }));
  const clear = parts.filter(({ encryption }) => encryption === null);
  const keys = clear
    .flatMap((part) => blocksIn(parseDer(part.content)))
    .filter(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
  budget.spend(
    origin,
    (check?.iterations ?? 0) + sum(parts.map(iterationsOf)),
    sum(keys.map((key) => readSealedKey(key, passphrase).iterations)),
  );
  const wrong = () => refuse(wrongPassphrase(origin, 'PKCS#12 file', passphrase));
  if (check !== null && !check.isIntact(bufferOf(content), secret)) wrong();
  return parts.flatMap((part) => blocksIn(openPart(part, secret) ?? wrong()));
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

/** The SafeContents of one part; null if they do not open. One of 256 wrong passphrases produces valid padding. */
function openPart({ content, encryption }: Part, secret: string | null): Node | null {
  if (encryption === null) return parseDer(content);
  const clear = encryption.decrypt(bufferOf(content), secret);
  return clear === null ? null : tryOr(() => parseDer(clear), null);
}

function plainContent(part: Node | undefined): ByteString {
  const [type, content] = childrenOf(part);
  if (oidOf(type) !== data) throw new Error(`it holds content of type ${oidOf(type)}`);
  return octetsOf(childrenOf(content)[0]);
}

/** A certificate or a key, labelled as in PEM. */
type Bag = Pick<Block, 'label' | 'der'>;

function bagsOf(safeContents: Node): Bag[] {
  return childrenOf(safeContents).flatMap(contentOfBag);
}

function contentOfBag(bag: Node): Bag[] {
  const [type, tagged] = childrenOf(bag);
  const [value] = childrenOf(tagged);
  if (value === undefined) throw new Error('it has an empty bag');
  const kind = oidOf(type);
  if (kind === safeContentsBag) return bagsOf(value);
  if (kind === keyBag) return [{ label: 'PRIVATE KEY', der: derOf(value) }];
  if (kind === shroudedKeyBag) return [{ label: 'ENCRYPTED PRIVATE KEY', der: derOf(value) }];
  return kind === certificateBag ? certificateIn(value) : [];
}

function certificateIn(bag: Node): Bag[] {
  const [type, tagged] = childrenOf(bag);
  if (oidOf(type) !== x509Certificate) return [];
  return [{ label: 'CERTIFICATE', der: bufferOf(octetsOf(childrenOf(tagged)[0])) }];
}

function refuse(error: CertferryError): never {
  throw error;
}

function orUnreadable<Result>(origin: Origin, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw isCertferryError(error) ? error : unreadable(origin, error);
  }
}

function unreadable(origin: Origin, cause: unknown): CertferryError {
  const reason = String(cause).replace(/^[A-Za-z]*Error: |\.$/g, '');
  const advice = isUnsupported(cause)
    ? `Convert it with ${conversions.pkcs12}.`
    : 'Export it again with "openssl pkcs12 -export", or use PEM.';
  const message = `${asSubject(origin)} cannot be read as PKCS#12: ${reason}. ${advice}`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field } });
}
