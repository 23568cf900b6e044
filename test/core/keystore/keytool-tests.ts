import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { openKeystore, withEntry } from '../../../core/keystore/keystore.ts';
import type { KeystoreEntry } from '../../../core/keystore/opened-keystore.ts';
import { scratchFolder } from '../../agent-scripts/disk.ts';
import { anAuthority, aVersion } from '../../fixtures/certificates.ts';
import { describeWith, type Need, program } from '../../rigs/require-daemon.ts';
import { described, entryOf, someOptions } from './stores.ts';
import { fileIn, password, stores, writeStores } from './written-stores.ts';

const secret = { storePassword: password };

/** Tests of the keystores of certferry in the hands of one keytool, and of its keystores in the hands of certferry. */
export function keytoolTests(title: string, keytoolProgram: string, needs: readonly Need[]): void {
  describeWith([...needs, program('openssl')], title, () => {
    const scratch = scratchFolder();
    const path = (title: string): string => fileIn(scratch, title);
    const passwordFile = path('password');
    let entries: ReadonlyMap<string, KeystoreEntry>;

    beforeAll(async () => {
      entries = await writeStores(scratch);
    }, 60_000);

    // with the quick compiler only, a JVM that lives for a second needs half of the time
    const keytool = (...args: string[]): string =>
      execFileSync(keytoolProgram, ['-J-XX:TieredStopAtLevel=1', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).replaceAll('\r', '');
    /** The blocks that keytool prints for each alias. */
    const listed = (file: string): Map<string, string> => {
      const text = keytool('-list', '-rfc', '-keystore', file, '-storepass:file', passwordFile);
      const parts = text.split(/^Alias name: /m).slice(1);
      return new Map(
        parts.map((part) => [
          part.slice(0, part.indexOf('\n')),
          part
            .replaceAll(/^Creation date.*$/gm, '')
            .trimEnd()
            .replace(/[\s*]+$/, ''),
        ]),
      );
    };

    test.each(stores)('keytool reads every key of $title and writes it into another store', ({ title }) => {
      const copy = path(`copy of ${title}`);
      keytool(
        ...['-importkeystore', '-noprompt', '-srckeystore', path(title), '-destkeystore', copy],
        ...[
          '-srcstorepass:file',
          passwordFile,
          '-deststorepass:file',
          passwordFile,
          '-deststoretype',
          'PKCS12',
        ],
      );

      for (const [alias, entry] of entries) {
        const { entry: copied } = openKeystore(readFileSync(copy), someOptions({ ...secret, alias }));
        expect(described(copied)).toEqual(described(entry));
      }
    });

    test('Five other entries of a store come through a renewal', async () => {
      const access = [
        '-keystore',
        path('others, PKCS12'),
        '-storepass:file',
        passwordFile,
        '-storetype',
        'PKCS12',
      ];
      const pair = (alias: string, ...algorithm: string[]) =>
        keytool('-genkeypair', '-alias', alias, '-dname', `CN=${alias}`, ...algorithm, ...access);
      pair('server', '-keyalg', 'EC');
      pair('other-rsa', '-keyalg', 'RSA', '-keysize', '2048');
      pair('other-ec', '-keyalg', 'EC');
      writeFileSync(path('root'), (await anAuthority()).rootPem);
      keytool('-importcert', '-noprompt', '-alias', 'trusted', '-file', path('root'), ...access);
      keytool('-genseckey', '-alias', 'secret', '-keyalg', 'AES', '-keysize', '256', ...access);
      pair('fifth', '-keyalg', 'EC');
      const convert = (copy: string, type: string, ...flags: string[]) =>
        keytool(
          ...[
            '-importkeystore',
            '-noprompt',
            '-srckeystore',
            path('others, PKCS12'),
            '-destkeystore',
            path(copy),
            ...flags,
          ],
          ...[
            '-srcstorepass:file',
            passwordFile,
            '-deststorepass:file',
            passwordFile,
            '-deststoretype',
            type,
          ],
        );
      convert('others, legacy PKCS12', 'PKCS12', '-J-Dkeystore.pkcs12.legacy');
      // JKS has no secret keys
      convert('others, JKS', 'JKS');

      await renewAmongOthers('others, PKCS12', 6);
      await renewAmongOthers('others, legacy PKCS12', 6);
      await renewAmongOthers('others, JKS', 5);
    }, 240_000);

    test('A store of OpenSSL without a name has the alias 1', async () => {
      const version = await aVersion();
      const [pem, file] = [path('pem'), path('unnamed')];
      writeFileSync(pem, version.fullchainPem + version.keyPem);
      execFileSync('openssl', [
        'pkcs12',
        '-export',
        '-in',
        pem,
        '-out',
        file,
        '-passout',
        `file:${passwordFile}`,
      ]);
      const next = entryOf(await aVersion());
      const options = someOptions({ ...secret, alias: '1' });
      expect(described(openKeystore(readFileSync(file), options).entry)).toEqual(described(entryOf(version)));

      writeFileSync(file, withEntry(readFileSync(file), next, options));

      expect([...listed(file).keys()]).toEqual(['1']);
    });

    async function renewAmongOthers(title: string, count: number): Promise<void> {
      const before = listed(path(title));
      expect(before.size).toBe(count);
      const options = someOptions({ ...secret, alias: 'SERVER' });
      const next = entryOf(await aVersion());
      const original = readFileSync(path(title));

      const written = withEntry(original, next, options);
      writeFileSync(path(title), written);

      const after = listed(path(title));
      expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
      const others = [...before].filter(([alias]) => alias !== 'server');
      for (const [alias, text] of others) expect(after.get(alias)).toBe(text);
      expect(after.get('server')).toContain(pemOf(next.chain[0]));
      const { entry } = openKeystore(written, options);
      // Java continues the chain with the trusted root
      expect(described(entry && { ...entry, chain: entry.chain.slice(0, 2) })).toEqual(described(next));
      expect(formOf(written), title).toBe(formOf(original));
    }
  });
}

function pemOf(certificate: Buffer | undefined): string {
  return new X509Certificate(certificate ?? '').toString().trim();
}

/** The algorithms in a store, as counts of their object identifiers. */
function formOf(store: Buffer): string {
  const oids = {
    pbes2: '06092a864886f70d01050d',
    tripleDes: '060a2a864886f70d010c0103',
    rc2: '060a2a864886f70d010c0106',
  };
  const hex = store.toString('hex');
  return JSON.stringify(Object.entries(oids).map(([name, oid]) => [name, hex.split(oid).length - 1]));
}
