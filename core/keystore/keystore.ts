// Java keystores, read and written without keytool. Pure.
import { X509Certificate } from 'node:crypto';
import { certificatesInJks, isJks, openJksStore } from './jks-store.ts';
import type { KeystoreAccess, KeystoreEntry, OpenedKeystore } from './opened-keystore.ts';
import { openPkcs12Store } from './pkcs12-store.ts';
import { unfit } from './problem.ts';

export type KeystoreType = 'PKCS12' | 'JKS';

/** Stores are read into memory; that of Java with all public roots has 170 KB. */
export const maximumKeystoreBytes = 8 * 1024 * 1024;

/** `storeType` null: that of the existing store, PKCS12 for a new one. `now`: epoch milliseconds. */
export interface KeystoreOptions extends KeystoreAccess {
  readonly storeType: KeystoreType | null;
  readonly now: number;
}

/**
 * Opens an existing store, or an empty one for null, and proves its integrity.
 * @throws CertferryError CredentialRefused for a wrong password; PlanInvalid for a store that is damaged or of another type
 */
export function openKeystore(existing: Uint8Array | null, options: KeystoreOptions): OpenedKeystore {
  const type = existing === null ? (options.storeType ?? 'PKCS12') : typeOf(existing, options);
  if (options.storeType !== null && type !== options.storeType) {
    throw unfit(
      options,
      `is of type ${type}, and the target configures ${options.storeType}. Correct storeType, or convert the store with "keytool -importkeystore"`,
    );
  }
  return type === 'JKS' ? openJksStore(existing, options, options.now) : openPkcs12Store(existing, options);
}

function typeOf(bytes: Uint8Array, options: KeystoreOptions): KeystoreType {
  if (bytes.length > maximumKeystoreBytes)
    throw unfit(options, `has ${bytes.length} bytes, and at most ${maximumKeystoreBytes} are read`);
  if (isJks(bytes)) return 'JKS';
  if (bytes[0] === 0x30) return 'PKCS12';
  const isJceks = [0xce, 0xce, 0xce, 0xce].every((byte, index) => bytes[index] === byte);
  const conversion =
    'Convert it with "keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype PKCS12"';
  throw unfit(options, isJceks ? `is of type JCEKS. ${conversion}` : 'is neither PKCS12 nor JKS');
}

/**
 * The bytes of the store with this entry. The existing bytes themselves, if its alias already has this key and this chain:
 * salts are random, so a new encryption of the same content would differ.
 * @throws CertferryError as {@link openKeystore}
 */
export function withEntry(
  existing: Uint8Array | null,
  entry: KeystoreEntry,
  options: KeystoreOptions,
): Buffer {
  const opened = openKeystore(existing, options);
  if (existing !== null && opened.entry !== null && isSameEntry(opened.entry, entry))
    return Buffer.from(existing);
  const written = opened.withEntry(entry);
  const readBack = openKeystore(written, options).entry;
  if (readBack !== null && isSameEntry(readBack, entry)) return written;
  throw unfit(options, 'could not be written: its new content reads differently');
}

/** Compares meaning. Java may continue a chain with a root that the store trusts. */
function isSameEntry(installed: KeystoreEntry, { chain }: KeystoreEntry): boolean {
  const [leaf] = chain;
  return (
    leaf !== undefined &&
    chain.every((certificate, index) => installed.chain[index]?.equals(certificate)) &&
    new X509Certificate(leaf).checkPrivateKey(installed.key)
  );
}

/** What can be read without a password: the chain of an alias in JKS. Null otherwise. */
export function chainWithoutPassword(bytes: Uint8Array, alias: string): readonly Buffer[] | null {
  return isJks(bytes) ? certificatesInJks(bytes, alias) : null;
}
