import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeystoreOptions, withEntry } from '../../../core/keystore/keystore.ts';
import type { KeystoreEntry } from '../../../core/keystore/opened-keystore.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { entryOf, someOptions } from './stores.ts';

/** The types of keys that each written store has, one entry for each. */
export const keyTypes = ['rsa2048', 'rsa4096', 'p256', 'p384'] as const;

/** The password of the written stores. */
export const password = 'a pass"word$';

/** The kinds of stores that certferry writes. */
export const stores = [
  { title: 'PKCS12, modern', options: { storeType: 'PKCS12', encryption: 'modern' } },
  { title: 'PKCS12, legacy', options: { storeType: 'PKCS12', encryption: 'legacy' } },
  { title: 'JKS', options: { storeType: 'JKS' } },
] as const satisfies readonly { title: string; options: Partial<KeystoreOptions> }[];

/** A file in the folder, named after a title. */
export const fileIn = (folder: string, title: string): string => join(folder, title.replaceAll(/\W/g, '-'));

/** Writes each of `stores` and the file `password` into the folder. Returns the entries of each store by their alias. */
export async function writeStores(folder: string): Promise<ReadonlyMap<string, KeystoreEntry>> {
  writeFileSync(fileIn(folder, 'password'), `${password}\n`);
  const entries = new Map<string, KeystoreEntry>();
  for (const keyType of keyTypes) entries.set(keyType, entryOf(await aVersion({ keyType })));
  for (const { title, options } of stores) {
    let store: Buffer | null = null;
    for (const [alias, entry] of entries)
      store = withEntry(store, entry, someOptions({ ...options, storePassword: password, alias }));
    writeFileSync(fileIn(folder, title), store ?? '');
  }
  return entries;
}
