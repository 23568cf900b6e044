import type { KeyObject } from 'node:crypto';

/** One private key of a keystore with its certificates. */
export interface KeystoreEntry {
  /** DER of the leaf and its intermediates, from the leaf upwards. */
  readonly chain: readonly Buffer[];
  readonly key: KeyObject;
}

/** How to open one keystore, and the entry that is meant. */
export interface KeystoreAccess {
  /** For messages. */
  readonly path: string;
  /** Java does not distinguish upper and lower case. */
  readonly alias: string;
  readonly storePassword: string;
  /** Null: the store password. PKCS#12 has no other. */
  readonly keyPassword: string | null;
  /** `auto`: as in the existing store, `modern` for a new one. */
  readonly encryption: 'auto' | 'modern' | 'legacy';
}

/** A keystore whose integrity is proven. */
export interface OpenedKeystore {
  /** The entry of the alias. Null: there is none. */
  readonly entry: KeystoreEntry | null;
  /**
   * The bytes of the store with this entry. All other entries stay as they are.
   * @throws CertferryError PlanInvalid if the alias or a subject belongs to another entry
   */
  withEntry(entry: KeystoreEntry): Buffer;
}

/** An alias as Java compares it (`toLowerCase(Locale.ENGLISH)` in PKCS12KeyStore.java and JavaKeyStore.java). */
export const comparable = (alias: string): string => alias.toLowerCase();
