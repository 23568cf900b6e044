import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { type KeystoreOptions, openKeystore, withEntry } from '../../../core/keystore/keystore.ts';
import { comparable, type KeystoreEntry } from '../../../core/keystore/opened-keystore.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { described, entryOf, someOptions } from './stores.ts';

const entries: KeystoreEntry[] = [];

beforeAll(async () => {
  for (const keyType of ['p256', 'p384', 'rsa2048', 'p256'] as const)
    entries.push(entryOf(await aVersion({ keyType })));
});

const printable = fc.stringMatching(/^[ -~]{1,40}$/);
const alias = fc
  .string({ minLength: 1, maxLength: 24, unit: 'binary' })
  .filter((text) => !text.includes('\0'));
const anEntry = fc.integer({ min: 0, max: 3 });

const options: fc.Arbitrary<Partial<KeystoreOptions>> = fc.record({
  alias,
  storePassword: printable,
  storeType: fc.constantFrom('PKCS12', 'JKS'),
  encryption: fc.constantFrom('auto', 'modern', 'legacy'),
});

const entryAt = (index: number): KeystoreEntry => entries[index] as KeystoreEntry;

test('What is written into a new keystore is read back', () => {
  fc.assert(
    fc.property(options, anEntry, (changes, index) => {
      const store = withEntry(null, entryAt(index), someOptions(changes));

      const { entry } = openKeystore(store, someOptions(changes));

      expect(described(entry)).toEqual(described(entryAt(index)));
    }),
    { numRuns: 25 },
  );
});

test('A renewal keeps every other entry of the keystore, and the same entry again changes no byte', () => {
  const aliases = fc.uniqueArray(alias, { minLength: 2, maxLength: 5, selector: comparable });
  fc.assert(
    fc.property(
      options,
      aliases,
      fc.array(anEntry, { minLength: 6, maxLength: 6 }),
      (changes, names, picks) => {
        const optionsOf = (name: string) => someOptions({ ...changes, alias: name });
        const indexOf = (position: number) => entryAt(picks[position] ?? 0);
        let store: Buffer | null = null;
        for (const [position, name] of names.entries())
          store = withEntry(store, indexOf(position), optionsOf(name));
        const [renewed = '', ...others] = names;

        const next = withEntry(store, indexOf(5), optionsOf(renewed));

        expect(described(openKeystore(next, optionsOf(renewed)).entry)).toEqual(described(indexOf(5)));
        for (const [position, name] of others.entries())
          expect(described(openKeystore(next, optionsOf(name)).entry)).toEqual(
            described(indexOf(position + 1)),
          );
        expect(withEntry(next, indexOf(5), optionsOf(renewed)).equals(next)).toBe(true);
      },
    ),
    { numRuns: 12 },
  );
});

test('No damage to a keystore leads to another error than a refusal', () => {
  const stores = (['PKCS12', 'JKS'] as const).map((storeType) =>
    withEntry(null, entryAt(0), someOptions({ storeType })),
  );
  fc.assert(
    fc.property(fc.constantFrom(0, 1), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, at, flip) => {
      const damaged = Buffer.from(stores[which] ?? []);
      const position = at % damaged.length;
      damaged[position] = (damaged[position] ?? 0) ^ flip;
      // the first bytes decide the type of the store
      const name = refusalOf(() => openKeystore(damaged, someOptions()));

      expect(['PlanInvalid', 'CredentialRefused', 'none']).toContain(name);
    }),
    { numRuns: 150 },
  );
});

test('A keystore that is cut anywhere is refused', () => {
  for (const storeType of ['PKCS12', 'JKS'] as const) {
    const store = withEntry(null, entryAt(0), someOptions({ storeType }));
    for (let length = 0; length < store.length; length += 97) {
      const name = refusalOf(() => openKeystore(store.subarray(0, length), someOptions()));

      expect(['PlanInvalid', 'CredentialRefused']).toContain(name);
    }
  }
});

function refusalOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return (error as Error).name;
  }
}
