import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import {
  type KeystoreOptions,
  type KeystoreType,
  openKeystore,
  withEntry,
} from '../../core/keystore/keystore.ts';
import type { KeystoreEntry } from '../../core/keystore/opened-keystore.ts';
import type { Site } from '../contract/site.ts';

export const storePassword = 'kept-out-of-sight';

type Common = Pick<Site, 'liveFiles' | 'keyFile' | 'installByHand' | 'wouldStart' | 'credentials' | 'onDisk'>;

/** The common part of sites whose certificate is in a keystore. */
export function keystoreSite(path: string, storeType: KeystoreType = 'PKCS12'): Common {
  const onDisk = () => {
    const { chain, key } = readStore(path) ?? { chain: [], key: null };
    const leaf = new X509Certificate(chain[0] ?? '');
    return {
      fingerprint: `sha256:${leaf.fingerprint256.replaceAll(':', '').toLowerCase()}`,
      isPair: key !== null && leaf.checkPrivateKey(key),
    };
  };
  return {
    liveFiles: [path],
    keyFile: path,
    credentials: { storePassword },
    onDisk,
    installByHand: (version) => writeFileSync(path, aStore(path, version, storeType), { mode: 0o600 }),
    wouldStart: () => onDisk().isPair,
  };
}

/** The entry of the tests in a store. */
export function readStore(path: string): KeystoreEntry | null {
  return openKeystore(readFileSync(path), optionsOf(path)).entry;
}

function aStore(path: string, { fullchainPem, keyPem }: IssuedCertificate, storeType: KeystoreType): Buffer {
  const blocks = fullchainPem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const entry = {
    chain: blocks.map((pem) => new X509Certificate(pem).raw),
    key: createPrivateKey(keyPem),
  };
  return withEntry(null, entry, { ...optionsOf(path), storeType });
}

const optionsOf = (path: string): KeystoreOptions => ({
  path,
  alias: 'server',
  storePassword,
  keyPassword: null,
  encryption: 'auto',
  storeType: null,
  now: 0,
});
