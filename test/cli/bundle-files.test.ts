import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBundleFiles } from '../../cli/input/read-bundle-files.ts';
import { aVersion } from '../fixtures/certificates.ts';

const now = new Date();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

describe('a bundle in files', () => {
  test('A bundle in files is read from one file with everything in it', async () => {
    const version = await aVersion();

    const { facts } = readBundleFiles({ cert: file('all.pem', version.keyPem + version.fullchainPem) }, now);

    expect(facts.fingerprint).toBe(version.fingerprint);
  });

  test('A bundle in files is read from a file for each part', async () => {
    const version = await aVersion();

    const { facts } = readBundleFiles(
      {
        cert: file('cert.pem', version.certPem),
        chain: file('chain.pem', version.chainPem),
        key: file('key.pem', version.keyPem),
      },
      now,
    );

    expect(facts.chain).toHaveLength(1);
  });

  test('A bundle in files is read from a PKCS#12 file, whatever it is called, with the passphrase of another file', async () => {
    const version = await aVersion();
    const all = file('p12-source.pem', version.keyPem + version.fullchainPem);
    const cert = join(folder, 'bundle');
    const passphraseFile = file('passphrase', 'two words\n');
    openssl('pkcs12', '-export', '-in', all, '-out', cert, '-passout', 'pass:two words');

    const { facts } = readBundleFiles({ cert, passphraseFile }, now);

    expect(facts.fingerprint).toBe(version.fingerprint);
  });

  test('A bundle in files without its key is refused with the option that gives it', async () => {
    const cert = file('alone.pem', (await aVersion()).fullchainPem);

    expect(() => readBundleFiles({ cert }, now)).toThrow(
      expect.objectContaining({ name: 'NoPrivateKey', message: expect.stringMatching(/ \(--key FILE\)$/) }),
    );
  });

  test.each([
    ['key', '--key'],
    ['chain', '--chain'],
  ])(
    'A bundle in files is refused with an explanation when a %s is named beside a PKCS#12 file, which would be ignored',
    async (part, option) => {
      const cert = join(folder, 'bundle.p12');
      writeFileSync(cert, Buffer.from([0x30, 0x03, 0x02, 0x01, 0x03]));

      expect(() => readBundleFiles({ cert, [part]: file('other.pem', 'x') }, now)).toThrow(
        `${cert} is a PKCS#12 file, which contains key and chain. Omit ${option}.`,
      );
    },
  );

  test('A bundle in files is not taken for PKCS#12 when it is a certificate in DER', async () => {
    const version = await aVersion();
    const cert = join(folder, 'cert.der');
    openssl('x509', '-in', file('der-source.pem', version.certPem), '-outform', 'DER', '-out', cert);

    const { facts } = readBundleFiles({ cert, key: file('der-key.pem', version.keyPem) }, now);

    expect(facts.fingerprint).toBe(version.fingerprint);
  });

  test('A bundle in files is a usage error when a file cannot be read, and names it', () => {
    const cert = join(folder, 'nothing.pem');

    expect(() => readBundleFiles({ cert }, now)).toThrow(`cannot read the certificate ${cert}: no such file`);
    expect(() => readBundleFiles({ cert: folder }, now)).toThrow('it is a directory');
  });
});
