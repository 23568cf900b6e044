import { beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, derOf, octetsOf, parseDer } from '../../../core/certificate/asn1.ts';
import { openBudget } from '../../../core/certificate/derivation-budget.ts';
import { readPkcs12 } from '../../../core/certificate/pkcs12.ts';
import { anAuthority, aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { asPkcs12 } from '../../fixtures/forms.ts';
import { everythingSaid, read, refusal } from './refusal.ts';

/** The order matters: -nomac also turns the encryption of the certificates off. */
const withoutMac = ['-nomac', '-certpbe', 'AES-256-CBC'];
const passphrase = 'schlüssel €5';

describe('PKCS#12', () => {
  let rsa: IssuedCertificate;
  let ec: IssuedCertificate;

  beforeAll(async () => {
    [rsa, ec] = await Promise.all([aVersion({ keyType: 'rsa2048' }), aVersion()]);
  });

  test.each<[string, string[]]>([
    ['OpenSSL 3 (AES-256, SHA-256)', []],
    ['OpenSSL 1 and Windows (RC2-40 and 3DES, SHA-1)', ['-legacy']],
    ['AES-128 with a 3DES key', ['-certpbe', 'AES-128-CBC', '-keypbe', 'PBE-SHA1-3DES']],
    ['a SHA-512 integrity check', ['-macalg', 'sha512']],
    ['many iterations', ['-iter', '20000']],
    ['no integrity check', [...withoutMac]],
    ['nothing encrypted', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
  ])('The reader of PKCS#12 reads RSA and EC files of %s, byte for byte', (_, args) => {
    for (const version of [rsa, ec]) {
      const pkcs12 = asPkcs12(version.fullchainPem + version.keyPem, passphrase, args);

      const { bundle } = read({ pkcs12, passphrase });

      expect(bundle).toEqual({ leaf: version.certPem, chain: [version.chainPem], key: version.keyPem });
    }
  });

  test('The reader of PKCS#12 takes what it holds together with the other fields', async () => {
    const { rootPem } = await anAuthority();
    const pkcs12 = asPkcs12(ec.certPem + ec.keyPem, passphrase);

    const { bundle } = read({ pkcs12, passphrase, certificate: '', chain: ec.chainPem + rootPem });

    expect(bundle.chain).toEqual([ec.chainPem]);
  });

  test('The reader of PKCS#12 opens a file with an empty passphrase when none is given', () => {
    const pkcs12 = asPkcs12(ec.fullchainPem + ec.keyPem, '');

    expect(read({ pkcs12 }).facts.fingerprint).toBe(ec.fingerprint);
    expect(read({ pkcs12, passphrase: '' }).facts.fingerprint).toBe(ec.fingerprint);
  });

  test.each<[string, string[]]>([
    ['with an integrity check', []],
    ['without one', [...withoutMac]],
  ])(
    'The reader of PKCS#12 refuses a wrong and a missing passphrase %s, without saying either',
    (_, args) => {
      const pkcs12 = asPkcs12(ec.fullchainPem + ec.keyPem, passphrase, args);

      const wrong = refusal(() => read({ pkcs12, passphrase: 'let me in' }));
      const missing = refusal(() => read({ pkcs12 }));

      expect(wrong).toMatchObject({
        name: 'WrongPassphrase',
        details: { field: 'pkcs12', passphraseGiven: true },
      });
      expect(missing).toMatchObject({
        name: 'WrongPassphrase',
        details: { field: 'pkcs12', passphraseGiven: false },
      });
      expect(everythingSaid(wrong) + everythingSaid(missing)).not.toMatch(/let me in|schl/);
    },
  );

  test('The reader of PKCS#12 never mistakes a wrong passphrase for a damaged file, whatever it decrypts to', () => {
    const pkcs12 = asPkcs12(ec.certPem + ec.keyPem, passphrase, [
      '-keypbe',
      'NONE',
      '-iter',
      '1',
      ...withoutMac,
    ]);

    for (let attempt = 0; attempt < 1500; attempt += 1) {
      const error = refusal(() =>
        readPkcs12(pkcs12, { passphrase: `wrong ${attempt}`, budget: openBudget() }),
      );

      expect(error.name).toBe('WrongPassphrase');
    }
  });

  test('The reader of PKCS#12 asks for the key of a file without one', () => {
    const pkcs12 = asPkcs12(ec.fullchainPem + ec.keyPem, passphrase, ['-nokeys']);

    expect(refusal(() => read({ pkcs12, passphrase })).name).toBe('NoPrivateKey');
  });

  test('The reader of PKCS#12 puts together the octet strings that BER has in pieces', () => {
    const file = parseDer(asPkcs12(ec.fullchainPem + ec.keyPem, passphrase));
    const content = childrenOf(childrenOf(childrenOf(file)[1])[1])[0];
    if (content === undefined) throw new Error('there is no content');
    const whole = octetsOf(content);
    const pieces = [whole.slice(0, 100), whole.slice(100)].map((value) => ({ ...content, value }));
    Object.assign(content, { constructed: true, composed: true, value: pieces });

    const { facts } = read({ pkcs12: derOf(file), passphrase });

    expect(facts.fingerprint).toBe(ec.fingerprint);
  });

  test('The reader of PKCS#12 reads bags within bags, and passes over bags of other kinds', () => {
    const file = sequence(
      integer(3),
      data(
        sequence(
          data(
            sequence(
              sequence(oid(bagTypes.safeContents), explicit(sequence(keyBag(ec.keyPem)))),
              sequence(oid(bagTypes.crl), explicit(sequence())),
              certificateBag(certificateTypes.x509, ec.certPem),
              certificateBag(certificateTypes.sdsi, rsa.certPem),
            ),
          ),
        ),
      ),
    );

    const { bundle } = read({ pkcs12: file });

    expect(bundle).toEqual({ leaf: ec.certPem, chain: [], key: ec.keyPem });
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['garbage', () => Buffer.from('once upon a time'), /cannot be read as PKCS#12/],
    [
      'a certificate',
      () => Buffer.from(ec.certPem.replace(/-----[^-]+-----/g, ''), 'base64'),
      /cannot be read as PKCS#12/,
    ],
    [
      'a file cut off',
      () => asPkcs12(ec.fullchainPem + ec.keyPem, passphrase).subarray(0, 900),
      /cannot be read as PKCS#12/,
    ],
    ['an empty file', () => Buffer.alloc(0), /cannot be read as PKCS#12/],
    [
      'a file signed instead of sealed',
      () => sequence(integer(3), sequence(oid('1.2.840.113549.1.7.2'))),
      /holds content of type 1\.2\.840\.113549\.1\.7\.2/,
    ],
    [
      'an integrity check of another kind',
      () =>
        sequence(
          integer(3),
          data(sequence()),
          sequence(
            sequence(sequence(oid('1.2.840.113549.2.5')), octets(Buffer.alloc(1))),
            octets(Buffer.alloc(8)),
          ),
        ),
      /its integrity check MD5 \(1\.2\.840\.113549\.2\.5\) is not supported/,
    ],
    [
      'encryption of another kind',
      () => sequence(integer(3), data(sequence(encrypted(sequence(oid('1.2.3'), sequence()))))),
      /its encryption \(1\.2\.3\) is not supported/,
    ],
    [
      'encryption without parameters',
      () => sequence(integer(3), data(sequence(encrypted(sequence(oid('1.2.3')))))),
      /has no parameters/,
    ],
    [
      'encryption without a name',
      () => sequence(integer(3), data(sequence(nothingEncrypted()))),
      /encryption is not named/,
    ],
    [
      'an empty bag',
      () => sequence(integer(3), data(sequence(data(sequence(sequence(oid('1.2.3'), explicit())))))),
      /has an empty bag/,
    ],
    [
      'a value missing',
      () => sequence(integer(3), sequence(oid('1.2.840.113549.1.7.1'), explicit())),
      /OCTET STRING was expected/,
    ],
  ])('The reader of PKCS#12 refuses %s as unreadable', (_, make, message) => {
    const error = refusal(() => read({ pkcs12: make(), passphrase }));

    expect(error).toMatchObject({ name: 'BundleUnreadable', message: expect.stringMatching(message) });
  });

  test('The reader of PKCS#12 refuses an integrity check that would take for ever', () => {
    const mac = sequence(
      sequence(sequence(oid('1.3.14.3.2.26')), octets(Buffer.alloc(20))),
      octets(Buffer.alloc(8)),
      integer(0x7fffffff),
    );

    expect(refusal(() => read({ pkcs12: sequence(integer(3), data(sequence()), mac) }))).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining('2147483647 iterations'),
    });
  });

  test('The reader of PKCS#12 checks integrity with one iteration where the file names none', () => {
    const mac = sequence(
      sequence(sequence(oid('1.3.14.3.2.26')), octets(Buffer.alloc(20))),
      octets(Buffer.alloc(8)),
    );

    expect(
      refusal(() => read({ pkcs12: sequence(integer(3), data(sequence()), mac), passphrase })).name,
    ).toBe('WrongPassphrase');
  });
});

const bagTypes = {
  key: '1.2.840.113549.1.12.10.1.1',
  certificate: '1.2.840.113549.1.12.10.1.3',
  crl: '1.2.840.113549.1.12.10.1.4',
  safeContents: '1.2.840.113549.1.12.10.1.6',
};
const certificateTypes = { x509: '1.2.840.113549.1.9.22.1', sdsi: '1.2.840.113549.1.9.22.2' };

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function explicit(...parts: Buffer[]): Buffer {
  return tlv(0xa0, Buffer.concat(parts));
}

function octets(content: Buffer): Buffer {
  return tlv(4, content);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return tlv(2, value < 0x80 ? bytes.subarray(3) : bytes);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tlv(6, Buffer.concat([Buffer.from([first * 40 + second]), ...rest.map(base128)]));
}

function base128(value: number): Buffer {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return Buffer.from(digits);
}

function data(content: Buffer): Buffer {
  return sequence(oid('1.2.840.113549.1.7.1'), explicit(octets(content)));
}

function encrypted(...algorithm: Buffer[]): Buffer {
  const content = sequence(oid('1.2.840.113549.1.7.1'), ...algorithm, tlv(0x80, Buffer.alloc(8)));
  return sequence(oid('1.2.840.113549.1.7.6'), explicit(sequence(integer(0), content)));
}

function nothingEncrypted(): Buffer {
  return sequence(
    oid('1.2.840.113549.1.7.6'),
    explicit(sequence(integer(0), sequence(oid('1.2.840.113549.1.7.1')))),
  );
}

function keyBag(keyPem: string): Buffer {
  return sequence(oid(bagTypes.key), explicit(pemBody(keyPem)));
}

function certificateBag(type: string, pem: string): Buffer {
  return sequence(oid(bagTypes.certificate), explicit(sequence(oid(type), explicit(octets(pemBody(pem))))));
}

function pemBody(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}
