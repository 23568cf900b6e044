import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { conversions } from '../../../core/certificate/conversions.ts';
import { aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { asPkcs12, openssl } from '../../fixtures/forms.ts';
import { read, refusal } from './refusal.ts';

const passphrase = 'pw';
const legacy = ['-provider', 'legacy', '-provider', 'default'];
const bytesOf = (text: string) => Buffer.from(text);

/** Files with ciphers that certferry does not support, made with OpenSSL. */
interface Inputs {
  readonly version: IssuedCertificate;
  readonly rsa: IssuedCertificate;
  readonly rc4P12: Buffer;
  readonly md5DesKey: string;
  readonly desKey: string;
}
let inputs: Inputs;

beforeAll(async () => {
  const [version, rsa] = await Promise.all([aVersion(), aVersion({ keyType: 'rsa2048' })]);
  const rc4 = ['-legacy', '-keypbe', 'PBE-SHA1-RC4-128', '-certpbe', 'PBE-SHA1-RC4-128'];
  const pkcs8 = ['pkcs8', '-topk8', '-v1', 'PBE-MD5-DES', ...legacy, '-passout', 'env:SECRET'];
  const pkcs1 = ['rsa', '-des', '-traditional', ...legacy, '-passout', 'env:SECRET'];
  inputs = {
    version,
    rsa,
    rc4P12: asPkcs12(version.fullchainPem + version.keyPem, passphrase, rc4),
    md5DesKey: openssl(pkcs8, version.keyPem, passphrase).toString(),
    desKey: openssl(pkcs1, rsa.keyPem, passphrase).toString(),
  };
});

describe('encryption that is not supported', () => {
  const named = {
    md5Des: 'its encryption PBE-MD5-DES (1.2.840.113549.1.5.3) is not supported',
    rc4: 'its encryption PBE-SHA1-RC4-128 (1.2.840.113549.1.12.1.1) is not supported',
    des: 'its encryption DES-CBC is not supported',
  };

  test.each<[string, string | undefined]>([
    ['with the right passphrase', passphrase],
    ['with a wrong passphrase', 'other'],
    ['without a passphrase', undefined],
  ])('An unsupported encryption is named %s, and never called a wrong passphrase', (_, given) => {
    const { version, rsa, md5DesKey, desKey, rc4P12 } = inputs;
    const errors = [
      refusal(() => read({ certificate: version.fullchainPem, key: md5DesKey, passphrase: given })),
      refusal(() => read({ certificate: rsa.fullchainPem, key: desKey, passphrase: given })),
      refusal(() => read({ pkcs12: rc4P12, passphrase: given })),
    ];

    expect(errors.map(({ name }) => name)).toEqual(Array(3).fill('BundleUnreadable'));
    const [md5Des, des, rc4] = errors.map(({ message }) => message);
    expect(md5Des).toContain(`${named.md5Des}. Convert it with ${conversions.key}.`);
    expect(des).toContain(`${named.des}. Convert it with ${conversions.key}.`);
    expect(rc4).toContain(`${named.rc4}. Convert it with ${conversions.pkcs12}.`);
  });

  test('The commands in the refusals convert the files into forms that are read', () => {
    const { version, rsa, md5DesKey, desKey, rc4P12 } = inputs;
    const whole = { leaf: version.certPem, chain: [version.chainPem], key: version.keyPem };
    const key = (old: string) => converted(conversions.key, bytesOf(old)).toString();

    expect(read({ certificate: version.fullchainPem, key: key(md5DesKey), passphrase }).bundle).toEqual(
      whole,
    );
    expect(read({ certificate: rsa.fullchainPem, key: key(desKey), passphrase }).bundle.key).toBe(rsa.keyPem);
    expect(read({ pkcs12: converted(conversions.pkcs12, rc4P12), passphrase }).bundle).toEqual(whole);
  });
});

/** Runs the commands of a message as an operator types them, with the passphrase of the file for every question. */
function converted(commands: string, file: Buffer): Buffer {
  const answers = { in: ['-passin', 'env:SECRET'], out: ['-passout', 'env:SECRET'] };
  return [...commands.matchAll(/"openssl ([^"]+)"/g)].reduce((input, [, command = '']) => {
    const args = command
      .replace(/ -out \w+$/, '')
      .replace(/-in \w+/, '-in /dev/stdin')
      .split(' ');
    const twice = args.includes('-export') ? seekable(args, input) : args;
    return openssl([...twice, ...answers.in, ...answers.out], input, passphrase);
  }, file);
}

/** `pkcs12 -export` reads its input twice, for the key and for the certificates: a pipe has it once. */
function seekable(args: readonly string[], pem: Buffer): string[] {
  const path = join(mkdtempSync(join(tmpdir(), 'certferry-test-')), 'PEM');
  writeFileSync(path, pem);
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));
  return args.map((arg) => (arg === '/dev/stdin' ? path : arg));
}

describe('files of other programs', () => {
  test.each<[string, Buffer, string]>([
    ['a Java keystore', Buffer.from('feedfeed00000002', 'hex'), 'keytool -importkeystore -srckeystore FILE'],
    ['a JCEKS keystore', Buffer.from('cececece00000002', 'hex'), '-srcstoretype JCEKS'],
    ['a PVK key', Buffer.from('1ef1b5b000000000', 'hex'), 'openssl rsa -inform PVK'],
    ['a PuTTY key', bytesOf('PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\n'), 'puttygen FILE'],
    ['a public SSH key', bytesOf('ssh-ed25519 AAAAC3Nz me@host\n'), 'Use the private key'],
    ['an OpenPGP key', bytesOf('-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ=\n'), 'a file of OpenPGP'],
    ['a ZIP archive', Buffer.from('504b030414000000', 'hex'), 'Unpack it'],
    ['a gzip file', Buffer.from('1f8b080000000000', 'hex'), 'gzip -d'],
    ['JSON', bytesOf('{"certificate": "…"}'), 'Write its fields to files'],
    ['a web page', bytesOf('<!DOCTYPE html>\n<html>'), 'Download the certificate again'],
  ])('The reader of bundles refuses %s with the next step', (_, certificate, advice) => {
    expect(refusal(() => read({ certificate }))).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining(advice),
    });
  });
});
