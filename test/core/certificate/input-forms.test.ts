import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BundleInput } from '../../../core/certificate/read-bundle.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { armour, asPkcs12, asUtf16, blocksOf, derOf, openssl, withCrlf } from '../../fixtures/forms.ts';
import { withPbmac1 } from '../../fixtures/pkcs12-checks.ts';
import { everythingSaid, read, refusal } from './refusal.ts';

const passphrase = 'pw';

/** The inputs that certferry judged wrongly, made once with OpenSSL. */
interface Inputs {
  readonly version: IssuedCertificate;
  readonly rsa: IssuedCertificate;
  readonly whole: Bundle;
  readonly chainP7b: string;
  readonly chainP7bDer: Buffer;
  readonly chainlessP12: Buffer;
  readonly keylessP12: Buffer;
  readonly emptyPasswordP12: Buffer;
  readonly rc2P12: Buffer;
}
let inputs: Inputs;

beforeAll(async () => {
  const [version, rsa] = await Promise.all([aVersion(), aVersion({ keyType: 'rsa2048' })]);
  const { certPem, chainPem, keyPem, fullchainPem } = version;
  const p7b = (...form: string[]) =>
    openssl(['crl2pkcs7', '-nocrl', '-certfile', '/dev/stdin', ...form], chainPem);
  const p12 = (pem: string, ...args: string[]) => asPkcs12(pem, passphrase, args);
  const pbe = (name: string) => ['-legacy', '-keypbe', name, '-certpbe', name];
  inputs = {
    version,
    rsa,
    whole: { leaf: certPem, chain: [chainPem], key: keyPem },
    chainP7b: p7b().toString(),
    chainP7bDer: p7b('-outform', 'DER'),
    chainlessP12: p12(certPem + keyPem),
    keylessP12: p12(fullchainPem + keyPem, '-nokeys'),
    emptyPasswordP12: asPkcs12(fullchainPem + keyPem, ''),
    rc2P12: p12(fullchainPem + keyPem, ...pbe('PBE-SHA1-RC2-40')),
  };
});

const bigEndian = (pem: string) => asUtf16(pem).swap16();
const bytesOf = (text: string) => Buffer.from(text);
const sec1Of = (pem: string) => createPrivateKey(pem).export({ type: 'sec1', format: 'der' });

describe('the forms of files', () => {
  test.each<[string, (given: Inputs) => BundleInput]>([
    ['a chain in PKCS#7 (PEM)', (given) => ({ chain: bytesOf(given.chainP7b) })],
    [
      'a chain in PKCS#7 with the label CMS',
      (given) => ({ chain: given.chainP7b.replaceAll('PKCS7', 'CMS') }),
    ],
    ['a chain in PKCS#7 (DER)', (given) => ({ chain: given.chainP7bDer })],
    ['a chain in DER', ({ version }) => ({ chain: derOf(version.chainPem) })],
    ['a chain in UTF-16', ({ version }) => ({ chain: asUtf16(version.chainPem) })],
    ['a chain in UTF-16 with the high byte first', ({ version }) => ({ chain: bigEndian(version.chainPem) })],
    ['a chain in base64 of PEM', ({ version }) => ({ chain: bytesOf(version.chainPem).toString('base64') })],
    ['a chain in base64 of DER', ({ version }) => ({ chain: derOf(version.chainPem).toString('base64') })],
    ['a key in PKCS#8 (DER)', ({ version }) => ({ key: derOf(version.keyPem) })],
    ['a key in SEC1 (DER)', ({ version }) => ({ key: sec1Of(version.keyPem) })],
    ['a key in UTF-16', ({ version }) => ({ key: asUtf16(version.keyPem) })],
    ['a key in UTF-16 with the high byte first', ({ version }) => ({ key: bigEndian(version.keyPem) })],
    ['a key in base64 with Windows line ends', ({ version }) => ({ key: withCrlf(wrapped(version.keyPem)) })],
    ['a leaf in DER', ({ version }) => ({ certificate: derOf(version.certPem) })],
    [
      'a leaf in UTF-16 with the high byte first',
      ({ version }) => ({ certificate: bigEndian(version.certPem) }),
    ],
    [
      'a PKCS#12 file without the chain, beside the chain',
      (given) => ({ certificate: given.chainlessP12, key: undefined, passphrase }),
    ],
    [
      'a PKCS#12 file without the key, beside the key',
      (given) => ({ certificate: given.keylessP12, chain: undefined, passphrase }),
    ],
    ['a PKCS#12 file beside the same key and chain', (given) => ({ certificate: given.emptyPasswordP12 })],
    [
      'a PKCS#12 file in base64',
      (given) => ({
        certificate: wrappedBytes(given.emptyPasswordP12),
        chain: undefined,
        key: undefined,
      }),
    ],
    [
      'a PKCS#12 file encrypted with RC2 of 40 bits',
      (given) => ({ certificate: given.rc2P12, chain: undefined, key: undefined, passphrase }),
    ],
  ])('The reader of bundles reads %s, byte for byte', (_, replace) => {
    const { certPem, chainPem, keyPem } = inputs.version;
    const plain = { certificate: certPem, chain: chainPem, key: keyPem };

    expect(read({ ...plain, ...replace(inputs) }).bundle).toEqual(inputs.whole);
  });

  test('The reader of bundles reads an RSA key in PKCS#1 (DER) and encrypted PKCS#8 (DER)', () => {
    const { fullchainPem, keyPem } = inputs.rsa;
    const key = createPrivateKey(keyPem);
    const pkcs1 = key.export({ type: 'pkcs1', format: 'der' });
    const encrypted = key.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase });

    for (const each of [pkcs1, encrypted]) {
      expect(read({ certificate: fullchainPem, key: each, passphrase }).bundle.key).toBe(keyPem);
    }
  });

  test('The reader of bundles counts the iterations of PKCS#12 in any field', () => {
    const costly = withPbmac1(inputs.emptyPasswordP12, '', { iterations: 5_000_001 });

    expect(refusal(() => read({ certificate: costly })).message).toMatch(
      /derives its keys in \d{7} iterations.*"openssl pkcs12 -export -iter 2048/,
    );
  });
});

const wrapped = (text: string) => wrappedBytes(Buffer.from(text));
const wrappedBytes = (bytes: Buffer) => `${bytes.toString('base64').replaceAll(/.{76}/g, '$&\n')}\n`;

describe('input that contributes nothing', () => {
  test.each<[string, (given: Inputs) => BundleInput, string, string]>([
    [
      'a chain file that is a key',
      ({ version }) => ({ chain: version.keyPem }),
      'BundleUnreadable',
      'There is no certificate in --chain FILE: it contains only PRIVATE KEY.',
    ],
    [
      'a chain file that is a key in DER',
      ({ version }) => ({ chain: derOf(version.keyPem) }),
      'BundleUnreadable',
      'There is no certificate in --chain FILE: it contains only PRIVATE KEY.',
    ],
    [
      'a chain file that is a certificate request',
      () => ({ chain: armour('CERTIFICATE REQUEST', Buffer.from('request')) }),
      'BundleUnreadable',
      'There is no certificate in --chain FILE: it contains only CERTIFICATE REQUEST.',
    ],
    [
      'an empty chain file',
      () => ({ chain: Buffer.alloc(0) }),
      'BundleUnreadable',
      'There is no certificate in --chain FILE: the file is empty.',
    ],
    [
      'a chain file with nothing but line ends',
      () => ({ chain: bytesOf('\r\n \n') }),
      'BundleUnreadable',
      'There is no certificate in --chain FILE: the file is empty.',
    ],
    [
      'a chain in PKCS#7 without a certificate',
      () => ({ chain: emptyPkcs7 }),
      'BundleUnreadable',
      'There is no certificate in --chain FILE.',
    ],
    [
      'a key file that is a certificate',
      ({ version }) => ({ key: version.certPem, certificate: version.certPem + version.keyPem }),
      'NoPrivateKey',
      'There is no private key in --key FILE: it contains only CERTIFICATE.',
    ],
  ])('The reader of bundles refuses %s and names the file', (_, replace, name, message) => {
    const { certPem, chainPem, keyPem } = inputs.version;
    const names = { chain: '--chain FILE', key: '--key FILE' };

    const error = refusal(() =>
      read({ certificate: certPem, chain: chainPem, key: keyPem, names, ...replace(inputs) }),
    );

    expect(error).toMatchObject({ name, message: expect.stringContaining(message) });
    expect(everythingSaid(error)).not.toContain(derOf(keyPem).toString('base64').slice(40, 80));
  });

  test('The reader of bundles warns about a block that is neither certificate nor key, and not about parameters', () => {
    const { fullchainPem, keyPem } = inputs.version;
    const certificate =
      fullchainPem +
      armour('CERTIFICATE REQUEST', Buffer.from('request')).repeat(2) +
      armour('DH PARAMETERS', Buffer.from('parameters'));

    expect(read({ certificate, key: keyPem }).warnings).toEqual([
      'Ignored in the field "certificate": the block CERTIFICATE REQUEST, which is neither a certificate nor a private key.',
    ]);
  });
});

/** SignedData without certificates: version, no digests, no content, no signers. */
const emptyPkcs7 = Buffer.from(
  '302306092a864886f70d010702a0163014020101310030' + '0b06092a864886f70d0107013100',
  'hex',
);

describe('damaged PEM', () => {
  test.each<[string, (pem: string, chain: string) => string, RegExp]>([
    [
      'a BEGIN line with a dash less',
      (pem, chain) => pem + chain.replace('-----BEGIN', '----BEGIN'),
      /has the END line of a block \(CERTIFICATE\) at line (\d+) without its BEGIN line\. The BEGIN line is damaged: see line (\d+)\./,
    ],
    [
      'a BEGIN line that is missing',
      (pem, chain) => pem + chain.replace(/-----BEGIN.*\n/, ''),
      /END line of a block \(CERTIFICATE\) at line (\d+) without its BEGIN line\. The BEGIN line is missing/,
    ],
    [
      'an END line with a typing error',
      (pem, chain) => pem + chain.replace('-----END', '-----EMD') + chain,
      /has the BEGIN line of a block \(CERTIFICATE\) at line (\d+) without its END line/,
    ],
    [
      'an END line with long dashes of a text program',
      (pem, chain) => pem + chain.replace('-----END', '——-END'),
      /at line (\d+) without its END line\. The END line is damaged: see line (\d+)/,
    ],
    [
      'both lines damaged',
      (pem, chain) => pem + chain.replaceAll('-----', '----'),
      /has base64 outside of a PEM block, at line (\d+)/,
    ],
    [
      'a block that ends as another one',
      (pem, chain) => pem + chain.replace('END CERTIFICATE', 'END PKCS7'),
      /begins as CERTIFICATE at line (\d+) and ends as PKCS7 at line (\d+)/,
    ],
  ])('The reader of PEM refuses %s and names the line', (_, damage, message) => {
    const { certPem, chainPem, keyPem } = inputs.version;
    const first = certPem.split('\n').length;
    const last = first + blocksOf(chainPem).join('').split('\n').length - 2;

    const error = refusal(() => read({ certificate: damage(certPem, chainPem), key: keyPem }));

    expect(error).toMatchObject({ name: 'BundleUnreadable', message: expect.stringMatching(message) });
    const lines = message.exec(error.message)?.slice(1).map(Number) ?? [];
    for (const line of lines) {
      expect(line).toBeGreaterThanOrEqual(first);
      expect(line).toBeLessThanOrEqual(last);
    }
  });
});
