// JKS, the keystore of Java before 9 (`sun.security.provider.JavaKeyStore`). Numbers have the highest byte first.
import { createHash, createPrivateKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { tryOr } from '../certificate/try-or.ts';
import { openJksKey, passwordBytes, sealJksKey } from './jks-key.ts';
import { comparable, type KeystoreAccess, type OpenedKeystore } from './opened-keystore.ts';
import { orDamaged, refusedPassword, unfit } from './problem.ts';

const magic = 0xfeedfeed;
/** Precedes the content in its digest. */
const whitener = Buffer.from('Mighty Aphrodite');
const digestBytes = 20;
const headerBytes = 12;

const keyTag = 1;
const trustedTag = 2;

interface JksEntry {
  readonly tag: number;
  readonly alias: string;
  readonly raw: Buffer;
  /** Null for a trusted certificate. */
  readonly encryptedKey: Buffer | null;
  readonly certificates: readonly Buffer[];
}

/**
 * Opens a JKS store, or an empty one for null. `now`: epoch milliseconds, the creation time of a written entry.
 * @throws CertferryError PlanInvalid, CredentialRefused
 */
export function openJksStore(bytes: Uint8Array | null, access: KeystoreAccess, now: number): OpenedKeystore {
  if (access.storePassword === '') throw refusedPassword(access, 'storePassword', 'it is empty');
  const entries = bytes === null ? [] : orDamaged(access, () => readJks(Buffer.from(bytes)));
  if (bytes !== null) requireIntact(Buffer.from(bytes), access);
  const found = entries.find(({ alias }) => comparable(alias) === comparable(access.alias));
  if (found?.tag === trustedTag) {
    throw unfit(access, `has no private key with the alias "${access.alias}", but a trusted certificate`);
  }
  const keyPassword = access.keyPassword ?? access.storePassword;
  return {
    entry:
      found === undefined
        ? null
        : { chain: found.certificates, key: openKey(found.encryptedKey, keyPassword, access) },
    withEntry({ chain, key }) {
      const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
      const written = keyEntry(
        found?.alias ?? comparable(access.alias),
        sealJksKey(pkcs8, keyPassword),
        chain,
        now,
      );
      const others = entries.map((each) => (each === found ? written : each.raw));
      return writeJks(found === undefined ? [...others, written] : others, access.storePassword);
    },
  };
}

/** The certificates of an entry: JKS does not encrypt them. Null if there is no key of this alias, or the store is damaged. */
export function certificatesInJks(bytes: Uint8Array, alias: string): readonly Buffer[] | null {
  const entries = tryOr(() => readJks(Buffer.from(bytes)), []);
  const found = entries.find((each) => each.tag === keyTag && comparable(each.alias) === comparable(alias));
  return found?.certificates ?? null;
}

/** Whether the bytes begin as JKS. */
export function isJks(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && Buffer.from(bytes).readUInt32BE(0) === magic;
}

function openKey(encrypted: Buffer | null, password: string, access: KeystoreAccess): KeyObject {
  return orDamaged(access, () => {
    const pkcs8 = encrypted === null ? null : openJksKey(encrypted, password);
    if (pkcs8 !== null) return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const field = access.keyPassword === null ? 'storePassword' : 'keyPassword';
    throw refusedPassword(access, field, `the key "${access.alias}" has another password`);
  });
}

function requireIntact(bytes: Buffer, access: KeystoreAccess): void {
  const expected = bytes.subarray(-digestBytes);
  if (timingSafeEqual(digestOf(bytes.subarray(0, -digestBytes), access.storePassword), expected)) return;
  throw refusedPassword(
    access,
    'storePassword',
    'its digest differs. The password is wrong, or the file is damaged',
  );
}

const digestOf = (content: Buffer, password: string): Buffer =>
  createHash('sha1').update(passwordBytes(password)).update(whitener).update(content).digest();

/** Throws a plain Error if the structure is damaged. */
function readJks(bytes: Buffer): JksEntry[] {
  if (bytes.length < headerBytes + digestBytes) throw new Error('it ends early');
  const version = bytes.readUInt32BE(4);
  // version 1 is older than Java 1.2
  if (version !== 2) throw new Error(`it has version ${version} of JKS`);
  const reader = readerOf(bytes.subarray(0, -digestBytes), headerBytes);
  const entries = Array.from({ length: reader.bounded(bytes.readUInt32BE(8)) }, () => readEntry(reader));
  if (!reader.atEnd()) throw new Error('bytes follow its last entry');
  return entries;
}

interface Reader {
  number(): number;
  bytes(length: number): Buffer;
  text(): string;
  /** A number of items, which cannot exceed the bytes that are left. */
  bounded(count: number): number;
  position(): number;
  since(start: number): Buffer;
  atEnd(): boolean;
}

function readerOf(bytes: Buffer, start: number): Reader {
  let at = start;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('it ends early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    number: () => take(4).readUInt32BE(0),
    bytes: take,
    text: () => take(take(2).readUInt16BE(0)).toString('utf8'),
    bounded(count) {
      if (count > bytes.length - at) throw new Error('it ends early');
      return count;
    },
    position: () => at,
    since: (from) => bytes.subarray(from, at),
    atEnd: () => at === bytes.length,
  };
}

function readEntry(reader: Reader): JksEntry {
  const start = reader.position();
  const tag = reader.number();
  if (tag !== keyTag && tag !== trustedTag) throw new Error(`it has an entry of the unknown type ${tag}`);
  const alias = reader.text();
  reader.bytes(8);
  const encryptedKey = tag === keyTag ? reader.bytes(reader.number()) : null;
  const count = tag === keyTag ? reader.bounded(reader.number()) : 1;
  const certificates = Array.from({ length: count }, () => {
    reader.text();
    return reader.bytes(reader.number());
  });
  return { tag, alias, raw: reader.since(start), encryptedKey, certificates };
}

function keyEntry(alias: string, encryptedKey: Buffer, chain: readonly Buffer[], now: number): Buffer {
  const date = Buffer.alloc(8);
  date.writeBigUInt64BE(BigInt(now));
  return Buffer.concat([
    number(keyTag),
    text(alias),
    date,
    counted(encryptedKey),
    number(chain.length),
    ...chain.map(certificate),
  ]);
}

function writeJks(entries: readonly Buffer[], password: string): Buffer {
  const content = Buffer.concat([number(magic), number(2), number(entries.length), ...entries]);
  return Buffer.concat([content, digestOf(content, password)]);
}

const certificate = (der: Buffer): Buffer => Buffer.concat([text('X.509'), counted(der)]);
const counted = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes]);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Java's modified UTF-8 differs from UTF-8 only for zero and for characters beyond 16 bits. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
