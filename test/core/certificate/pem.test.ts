import { beforeAll, describe, expect, test } from 'vitest';
import { anAuthority, aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import {
  asUtf16,
  blocksOf,
  derOf,
  withBagAttributes,
  withByteOrderMark,
  withCrlf,
} from '../../fixtures/forms.ts';
import { read, refusal } from './refusal.ts';

describe('the reader of PEM', () => {
  let version: IssuedCertificate;
  let whole: string;

  beforeAll(async () => {
    version = await aVersion();
    whole = version.fullchainPem + version.keyPem;
  });

  test('The reader of PEM reads leaf, chain and key from a field each', () => {
    const { bundle, facts } = read({
      certificate: version.certPem,
      chain: version.chainPem,
      key: version.keyPem,
    });

    expect(bundle).toEqual({ leaf: version.certPem, chain: [version.chainPem], key: version.keyPem });
    expect(facts.fingerprint).toBe(version.fingerprint);
  });

  test.each<[string, (pem: string) => string | Buffer]>([
    ['everything in one field', (pem) => pem],
    ['the key first', (pem) => blocksOf(pem).reverse().join('')],
    ['Windows line ends', withCrlf],
    ['old Macintosh line ends', (pem) => pem.replaceAll('\n', '\r')],
    ['a byte order mark', withByteOrderMark],
    ['a byte order mark before each joined file', (pem) => blocksOf(pem).map(withByteOrderMark).join('')],
    ['UTF-16 of Windows PowerShell', asUtf16],
    ['UTF-8 bytes', (pem) => Buffer.from(pem)],
    ['bag attributes', withBagAttributes],
    [
      'text around the blocks',
      (pem) =>
        blocksOf(pem)
          .map((block) => `subject=CN = x\n0 s:---\n${block}`)
          .join('\n'),
    ],
    [
      'files joined without a line end between them',
      (pem) =>
        blocksOf(pem)
          .map((block) => block.trimEnd())
          .join(''),
    ],
    ['indentation', (pem) => pem.replaceAll('\n', '\n    ')],
    ['spaces where line ends were', (pem) => pem.replaceAll('\n', ' ')],
    ['literal \\n, as environment variables have it', (pem) => pem.replaceAll('\n', '\\n')],
    ['each block twice', (pem) => pem + pem],
    [
      'blocks of no interest',
      (pem) => `-----BEGIN DH PARAMETERS-----\nMAYCAQsCAQI=\n-----END DH PARAMETERS-----\n${pem}`,
    ],
    [
      'the old label X509 CERTIFICATE',
      (pem) =>
        pem
          .replaceAll('N CERTIFICATE', 'N X509 CERTIFICATE')
          .replaceAll('D CERTIFICATE', 'D X509 CERTIFICATE'),
    ],
  ])('The reader of PEM returns the same bundle for %s', (_, reshape) => {
    const { bundle } = read({ certificate: reshape(whole) });

    expect(bundle).toEqual({ leaf: version.certPem, chain: [version.chainPem], key: version.keyPem });
  });

  test('The reader of PEM reads a leaf in DER', () => {
    const { bundle } = read({
      certificate: derOf(version.certPem),
      chain: version.chainPem,
      key: version.keyPem,
    });

    expect(bundle.leaf).toBe(version.certPem);
  });

  test('The reader of PEM omits the root', async () => {
    const { rootPem } = await anAuthority();

    const { bundle } = read({ certificate: rootPem + whole });

    expect(bundle.chain).toEqual([version.chainPem]);
  });

  test.each<[string, (pem: string) => string | Buffer, string]>([
    [
      'garbage',
      () => 'once upon a time',
      'The field "certificate" holds no certificate and no key in a form that certferry reads',
    ],
    [
      'bytes of another kind',
      () => Buffer.from([0x30, 1, 2, 3]),
      'its form is damaged DER, or DER of another kind',
    ],
    [
      'a file cut off in its last block',
      (pem) => pem.slice(0, -40),
      'without its END line. The END line is missing: the text was cut.',
    ],
    [
      'a file cut off between lines and joined',
      (pem) => pem.replace('-----END CERTIFICATE-----\n', ''),
      'has the BEGIN line of a block (CERTIFICATE) at line 1 without its END line',
    ],
    [
      'a body that is not base64',
      (pem) => pem.replace('MII', 'M!I'),
      'block 1 (CERTIFICATE) is damaged: its body is not base64',
    ],
    [
      'an empty body',
      (pem) => `-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n${pem}`,
      'block 1 (CERTIFICATE) is damaged',
    ],
    [
      'a certificate that is something else',
      (pem) => pem.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
      'Certificate 3 (field "certificate") cannot be parsed',
    ],
  ])('The reader of PEM refuses %s', (_, damage, message) => {
    const error = refusal(() => read({ certificate: damage(whole), key: version.keyPem }));

    expect(error).toMatchObject({ name: 'BundleUnreadable', message: expect.stringContaining(message) });
  });

  test('The reader of PEM names the unreadable field', () => {
    const error = refusal(() => read({ certificate: whole, chain: 'nothing of use' }));

    expect(error).toMatchObject({ name: 'BundleUnreadable', details: { field: 'chain' } });
  });

  test('The reader of PEM reports what it found where a certificate is missing', () => {
    const error = refusal(() => read({ certificate: '', key: version.keyPem }));

    expect(error).toMatchObject({
      name: 'NoLeaf',
      message: expect.stringContaining('found only: PRIVATE KEY'),
    });
  });

  test('The reader of PEM reports that every field is empty', () => {
    expect(refusal(() => read({ certificate: ' \n' }))).toMatchObject({
      name: 'NoLeaf',
      message: expect.stringContaining('every field is empty'),
    });
    expect(refusal(() => read({}))).toMatchObject({ name: 'NoLeaf' });
  });

  test('The reader of PEM accepts 64 KiB over all fields, and not a byte more', () => {
    const rest = 64 * 1024 - whole.length;

    expect(read({ certificate: whole + ' '.repeat(rest) }).facts.fingerprint).toBe(version.fingerprint);
    expect(refusal(() => read({ certificate: whole + ' '.repeat(rest), chain: ' ' }))).toMatchObject({
      name: 'BundleTooLarge',
      details: { bytes: 65_537 },
    });
    expect(refusal(() => read({ pkcs12: new Uint8Array(65_537) }))).toMatchObject({ name: 'BundleTooLarge' });
  });
});
