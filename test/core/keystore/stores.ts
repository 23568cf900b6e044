import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import type { KeystoreOptions } from '../../../core/keystore/keystore.ts';
import type { KeystoreEntry } from '../../../core/keystore/opened-keystore.ts';

/** Options of a store with usual values. */
export function someOptions(changes: Partial<KeystoreOptions> = {}): KeystoreOptions {
  return {
    path: '/etc/app/keystore.p12',
    alias: 'server',
    storePassword: 'changeit',
    keyPassword: null,
    encryption: 'auto',
    storeType: null,
    now: Date.UTC(2026, 0, 1),
    ...changes,
  };
}

/** A version as the entry of a keystore. */
export function entryOf({ fullchainPem, keyPem }: IssuedCertificate): KeystoreEntry {
  const chain = (fullchainPem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem).raw,
  );
  return { chain, key: createPrivateKey(keyPem) };
}

/** An entry in a form that `toEqual` compares: fingerprints, and whether the key belongs to the leaf. */
export function described(entry: KeystoreEntry | null): object | null {
  if (entry === null) return null;
  const chain = entry.chain.map((certificate) => new X509Certificate(certificate));
  return {
    chain: chain.map(({ fingerprint256 }) => fingerprint256),
    hasKey: chain[0]?.checkPrivateKey(entry.key),
  };
}
