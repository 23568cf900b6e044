import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../cli/demo/throwaway-ca.ts';
import { chainWithoutPassword, openKeystore, withEntry } from '../../../core/keystore/keystore.ts';
import type { KeystoreEntry } from '../../../core/keystore/opened-keystore.ts';
import { scratchFolder } from '../../agent-scripts/disk.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { withPbmac1 } from '../../fixtures/pkcs12-checks.ts';
import { described, entryOf, someOptions } from './stores.ts';

let one: KeystoreEntry;
let other: KeystoreEntry;

beforeAll(async () => {
  one = entryOf(await aVersion());
  other = entryOf(await aVersion());
});

const types = ['PKCS12', 'JKS'] as const;

describe('keystore', () => {
  const scratch = scratchFolder();

  test.each(types)('A wrong store password is refused as such: %s', (storeType) => {
    const store = withEntry(null, one, someOptions({ storeType }));

    expect(() => openKeystore(store, someOptions({ storePassword: 'changeme' }))).toThrow(
      expect.objectContaining({
        name: 'CredentialRefused',
        message: expect.stringContaining('storePassword'),
      }),
    );
  });

  test('A key of JKS may have a password of its own, and a wrong one is refused', () => {
    const options = someOptions({ storeType: 'JKS', keyPassword: 'another' });
    const store = withEntry(null, one, options);

    expect(described(openKeystore(store, options).entry)).toEqual(described(one));
    expect(() => openKeystore(store, { ...options, keyPassword: null })).toThrow(
      expect.objectContaining({ name: 'CredentialRefused' }),
    );
  });

  test('A key password that differs from the store password is refused for PKCS12', () => {
    expect(() => openKeystore(null, someOptions({ keyPassword: 'another' }))).toThrow(/use JKS/);
  });

  test.each(['pässword', 'changeit\n', ''])(
    'A password that Java does not accept for PKCS12 is refused before anything is written: %j',
    (storePassword) => {
      expect(() => openKeystore(null, someOptions({ storePassword }))).toThrow(
        expect.objectContaining({ name: 'CredentialRefused' }),
      );
    },
  );

  test('A password with other characters than ASCII opens JKS', () => {
    const options = someOptions({ storeType: 'JKS', storePassword: 'pässword' });

    expect(described(openKeystore(withEntry(null, one, options), options).entry)).toEqual(described(one));
  });

  test.each([
    ['JCEKS', 'cececece00000002', /JCEKS.*-importkeystore/],
    ['another file', '2d2d2d2d2d', /neither PKCS12 nor JKS/],
    ['a damaged PKCS12', '3082ffff02', /cannot be read/],
    ['a damaged JKS', 'feedfeed0000000200000001ffff', /cannot be read/],
  ])('A store that cannot be read is refused with the reason: %s', (_, hex, reason) => {
    expect(() => openKeystore(Buffer.from(hex, 'hex'), someOptions())).toThrow(
      expect.objectContaining({ name: 'PlanInvalid', message: expect.stringMatching(reason) }),
    );
  });

  test('A store of another type than the configured one is refused', () => {
    const store = withEntry(null, one, someOptions({ storeType: 'JKS' }));

    expect(() => openKeystore(store, someOptions({ storeType: 'PKCS12' }))).toThrow(
      /of type JKS.*configures PKCS12/,
    );
  });

  test.each(types)('An alias with other letter case is the same entry: %s', (storeType) => {
    const store = withEntry(null, one, someOptions({ storeType, alias: 'Web' }));

    const next = withEntry(store, other, someOptions({ alias: 'wEB' }));

    expect(described(openKeystore(next, someOptions({ alias: 'web' })).entry)).toEqual(described(other));
  });

  test('Only the certificates of JKS are readable without a password', () => {
    const jks = withEntry(null, one, someOptions({ storeType: 'JKS' }));
    const pkcs12 = withEntry(null, one, someOptions());

    expect(chainWithoutPassword(jks, 'SERVER')).toEqual(one.chain);
    expect(chainWithoutPassword(jks, 'missing')).toBeNull();
    expect(chainWithoutPassword(pkcs12, 'server')).toBeNull();
  });

  test('The integrity check of RFC 9579 is read, and kept by a renewal', () => {
    const store = withPbmac1(withEntry(null, one, someOptions()), 'changeit');

    const next = withEntry(store, other, someOptions());

    expect(described(openKeystore(next, someOptions()).entry)).toEqual(described(other));
    const pbmac1 = '06092a864886f70d01050e';
    expect(next.toString('hex')).toContain(pbmac1);
    expect(() => openKeystore(next, someOptions({ storePassword: 'changeme' }))).toThrow(/integrity/);
  });

  test('A store without an integrity check stays without one', async () => {
    const version = await aVersion();
    const [pem, file] = [join(scratch, 'pem'), join(scratch, 'nomac.p12')];
    writeFileSync(pem, version.fullchainPem + version.keyPem);
    const store = execFileSync('openssl', [
      ...['pkcs12', '-export', '-in', pem, '-name', 'server', '-passout', 'pass:changeit', '-nomac'],
    ]);

    const next = withEntry(store, other, someOptions());

    expect(described(openKeystore(next, someOptions()).entry)).toEqual(described(other));
    writeFileSync(file, next);
    const info = execFileSync('openssl', [
      'pkcs12',
      '-in',
      file,
      '-noout',
      '-passin',
      'pass:changeit',
      '-nomacver',
    ]);
    expect(info.toString()).toBe('');
  });

  test('A renewal from another issuer removes the intermediate that no entry needs any more', async () => {
    const elsewhere = entryOf(await (await anotherAuthority()).issue({ names: ['www.example.test'] }));
    const store = withEntry(null, one, someOptions());

    const next = withEntry(store, elsewhere, someOptions());

    expect(next.length).toBeLessThan(store.length + 200);
    expect(described(openKeystore(next, someOptions()).entry)).toEqual(described(elsewhere));
  });

  test('An intermediate that another entry needs stays', async () => {
    const elsewhere = entryOf(await (await anotherAuthority()).issue({ names: ['www.example.test'] }));
    const two = withEntry(withEntry(null, one, someOptions()), other, someOptions({ alias: 'other' }));

    const next = withEntry(two, elsewhere, someOptions());

    expect(described(openKeystore(next, someOptions({ alias: 'other' })).entry)).toEqual(described(other));
  });

  test('Two intermediates of one subject are refused for PKCS12, because Java would mix the chains, and accepted for JKS', async () => {
    const twin = await createAuthority({ name: 'Test', intermediate: true });
    const elsewhere = entryOf(await twin.issue({ names: ['www.example.test'] }));
    const optionsOf = (alias: string, storeType: 'PKCS12' | 'JKS') => someOptions({ alias, storeType });
    const two = (storeType: 'PKCS12' | 'JKS') =>
      withEntry(withEntry(null, one, optionsOf('server', storeType)), other, optionsOf('other', storeType));

    expect(() => withEntry(two('PKCS12'), elsewhere, optionsOf('server', 'PKCS12'))).toThrow(
      expect.objectContaining({
        name: 'PlanInvalid',
        message: expect.stringContaining('by their subject only'),
      }),
    );
    const jks = withEntry(two('JKS'), elsewhere, optionsOf('server', 'JKS'));
    expect(described(openKeystore(jks, optionsOf('other', 'JKS')).entry)).toEqual(described(other));
  });

  test('A store that costs too many iterations is refused before a key is derived', () => {
    const store = withPbmac1(withEntry(null, one, someOptions()), 'changeit', { iterations: 6_000_000 });

    expect(() => openKeystore(store, someOptions())).toThrow(/6\d{6} iterations/);
  });

  test('`encryption` replaces the algorithms of the existing store', () => {
    const legacy = withEntry(null, one, someOptions({ encryption: 'legacy' }));

    const kept = withEntry(legacy, other, someOptions());
    const modern = withEntry(legacy, other, someOptions({ encryption: 'modern' }));

    const tripleDes = '060a2a864886f70d010c0103';
    expect(kept.toString('hex')).toContain(tripleDes);
    expect(modern.toString('hex')).not.toContain(tripleDes);
  });
});

const anotherAuthority = (): Promise<Authority> => createAuthority({ name: 'Elsewhere', intermediate: true });
