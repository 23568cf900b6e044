import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBundleFiles } from '../../cli/input/read-bundle-files.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { asEncryptedPkcs8, asPkcs12, asUtf16, derOf } from '../fixtures/forms.ts';

const now = new Date();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Buffer): string {
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

  test('A bundle in files without its key is refused with the file and the option that supplies the key', async () => {
    const cert = file('alone.pem', (await aVersion()).fullchainPem);

    expect(() => readBundleFiles({ cert }, now)).toThrow(
      expect.objectContaining({
        name: 'NoPrivateKey',
        message: expect.stringMatching(
          `^There is no private key in the file ${cert}\\. .* name that file with --key FILE\\.$`,
        ),
      }),
    );
  });

  test('A bundle in files without its passphrase is refused with the file and the option', async () => {
    const version = await aVersion();
    const cert = file('sealed.pem', version.fullchainPem);
    const key = file('sealed.key', asEncryptedPkcs8(version.keyPem, 'two words'));

    expect(() => readBundleFiles({ cert, key }, now)).toThrow(
      expect.objectContaining({
        name: 'WrongPassphrase',
        message: expect.stringMatching(`\\(--key ${key}\\).*with --passphrase-file FILE\\.$`),
      }),
    );
  });

  test('A bundle in files whose chain file is a key is refused with the option and the file', async () => {
    const version = await aVersion();
    const cert = file('leaf.pem', version.certPem);
    const key = file('leaf.key', version.keyPem);

    expect(() => readBundleFiles({ cert, key, chain: key }, now)).toThrow(
      expect.objectContaining({
        name: 'BundleUnreadable',
        message: expect.stringContaining(`There is no certificate in --chain ${key}: it contains only`),
      }),
    );
  });

  test('A bundle in files is read from a PKCS#12 file beside a key in DER and a chain and a passphrase in UTF-16', async () => {
    const version = await aVersion();
    const pkcs12 = asPkcs12(version.certPem + version.keyPem, 'two words', ['-nokeys']);

    const { facts } = readBundleFiles(
      {
        cert: file('keyless.p12', pkcs12),
        key: file('der.key', derOf(version.keyPem)),
        chain: file('utf16.pem', asUtf16(version.chainPem)),
        passphraseFile: file('utf16-passphrase', asUtf16('two words\r\n')),
      },
      now,
    );

    expect(facts).toMatchObject({ fingerprint: version.fingerprint, chain: [expect.any(String)] });
  });

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
    expect(() => readBundleFiles({ cert: folder }, now)).toThrow('has no certificate with its key');
  });
});
