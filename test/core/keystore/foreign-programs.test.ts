// Keystores of certferry in the hands of other programs, and theirs in the hands of certferry. A JVM takes a second to start, so
// each store has many keys.
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { KeystoreEntry } from '../../../core/keystore/opened-keystore.ts';
import { scratchFolder } from '../../agent-scripts/disk.ts';
import { describeWith, program } from '../../rigs/require-daemon.ts';
import { keytoolTests } from './keytool-tests.ts';
import { fileIn, keyTypes, password, stores, writeStores } from './written-stores.ts';

const pkcs12Stores = stores.filter(({ options }) => options.storeType === 'PKCS12');

keytoolTests('keystores and keytool', 'keytool', [program('keytool', 'default-jdk-headless')]);

describeWith([program('openssl'), program('certtool', 'gnutls-bin')], 'keystores, OpenSSL and GnuTLS', () => {
  const scratch = scratchFolder();
  const path = (title: string): string => fileIn(scratch, title);
  const passwordFile = path('password');
  let entries: ReadonlyMap<string, KeystoreEntry>;

  beforeAll(async () => {
    entries = await writeStores(scratch);
  }, 60_000);

  test.each(pkcs12Stores)('OpenSSL reads every key and certificate of $title', ({ title }) => {
    const text = execFileSync(
      'openssl',
      ['pkcs12', '-in', path(title), '-passin', `file:${passwordFile}`, '-nodes'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );

    expectEntriesIn(text);
  });

  test.each(pkcs12Stores)('GnuTLS reads every key and certificate of $title', ({ title }) => {
    const text = execFileSync(
      'certtool',
      ['--p12-info', '--inder', '--infile', path(title), '--password', password],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );

    // certtool prints keys as they are encrypted, and opens them one by one
    const blocks = text.match(/-----BEGIN ENCRYPTED[^-]*-----[^-]*-----END[^-]*-----/g) ?? [];
    const opened = blocks.map((block) =>
      execFileSync('certtool', ['--key-info', '--pkcs8', '--password', password], {
        encoding: 'utf8',
        input: block,
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    );
    for (const { chain } of entries.values()) {
      for (const certificate of chain) expect(certificatesIn(text)).toContain(fingerprintOf(certificate));
      // SHA-256 of the public key
      const id = new X509Certificate(chain[0] ?? '').publicKey.export({ format: 'der', type: 'spki' });
      const digest = createHash('sha256').update(id).digest('hex');
      expect(opened.filter((key) => key.includes(`sha256:${digest}`))).toHaveLength(1);
    }
  });

  function expectEntriesIn(text: string): void {
    const keys = text.match(/-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/g) ?? [];
    expect(keys).toHaveLength(keyTypes.length);
    for (const { chain } of entries.values()) {
      const leaf = new X509Certificate(chain[0] ?? '');
      expect(keys.some((key) => leaf.checkPrivateKey(createPrivateKey(key)))).toBe(true);
      for (const certificate of chain) expect(certificatesIn(text)).toContain(fingerprintOf(certificate));
    }
  }
});

function certificatesIn(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).fingerprint256);
}

const fingerprintOf = (certificate: Buffer): string => new X509Certificate(certificate).fingerprint256;
