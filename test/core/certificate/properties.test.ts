import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleInput, readBundle } from '../../../core/certificate/read-bundle.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import {
  anAuthority,
  aVersion,
  createAuthority,
  type IssuedCertificate,
} from '../../fixtures/certificates.ts';
import {
  armour,
  asEncryptedPkcs8,
  asPkcs12,
  asSec1,
  blocksOf,
  derOf,
  withByteOrderMark,
  withCrlf,
} from '../../fixtures/forms.ts';
import { everythingSaid, read, refusal } from './refusal.ts';

const mark = fc.constantFrom('', '\uFEFF');
const noise = fc
  .tuple(mark, fc.string({ unit: 'grapheme', maxLength: 60 }))
  .map(([first, text]) => first + text)
  .filter((text) => !text.includes('-----'));
const root = 2;
const passphrase = 'Tr0ub4dor&3';
const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\n\n', ' \n');
const fields = fc.constantFrom('certificate', 'chain', 'key');

/** Says what came of it, without a page of PEM where it fails; a refusal that tells a secret is a finding too. */
function verdict(call: () => { bundle: Bundle }, same: Bundle): string {
  const outcome = bundleOrRefusal(call);
  if (outcome instanceof Error) return tellsSecrets(outcome, same.key) ? 'refused indiscreetly' : 'refused';
  const parts = (['leaf', 'chain', 'key'] as const).filter(
    (part) => String(outcome[part]) !== String(same[part]),
  );
  return parts.length === 0 ? 'the same' : `another ${parts.join(' and ')}`;
}

function tellsSecrets(error: CertferryError, key: string): boolean {
  const body = derOf(key).toString('base64').slice(40);
  const secrets = [passphrase, ...(body.match(/.{16}/g) ?? [])];
  return secrets.some((secret) => everythingSaid(error).includes(secret));
}

/** Any exception but those of certferry fails the test. */
function bundleOrRefusal(call: () => { bundle: Bundle }): Bundle | CertferryError {
  try {
    return call().bundle;
  } catch (error) {
    return refusal(() => {
      throw error;
    });
  }
}

describe('any bundle', () => {
  let version: IssuedCertificate;
  let rootPem: string;
  let blocks: string[];
  let expected: Bundle;

  beforeAll(async () => {
    ({ rootPem } = await anAuthority());
    version = await aVersion();
    blocks = [...blocksOf(version.fullchainPem), rootPem, version.keyPem];
    expected = { leaf: version.certPem, chain: [version.chainPem], key: version.keyPem };
  });

  test('Any bundle is read the same in any order, spread over any fields, with any line ends and noise', () => {
    const places = fc.array(fc.tuple(fields, lineEnd, noise), { minLength: 8, maxLength: 8 });
    const order = fc.shuffledSubarray([0, 1, 2, 3, 0, 1, 2, 3], { minLength: 8 });

    fc.assert(
      fc.property(order, places, (positions, dressings) => {
        const dressed = dressings.map(([field, end, text], index) => {
          const block = blocks[positions[index] ?? 0] ?? '';
          return { field, text: `${text}\n${block}`.replaceAll('\n', end) };
        });
        const textOf = (wanted: string) =>
          dressed.map(({ field, text }) => (field === wanted ? text : '')).join('');

        // a chain without a certificate and a key file without a key are refused
        fc.pre(!/^(?!.*BEGIN C).*BEGIN/s.test(textOf('chain')));
        fc.pre(!/^(?!.*BEGIN P).*BEGIN/s.test(textOf('key')));

        const { bundle } = read({
          certificate: textOf('certificate'),
          chain: textOf('chain'),
          key: textOf('key'),
        });

        expect(bundle).toEqual(expected);
      }),
    );
  });

  test('Any bundle with a character of its PEM changed is the same or refused', () => {
    const whole = version.fullchainPem + version.keyPem;
    const character = fc.constantFrom(...'ABCZabcz0189+/=-\n ');

    fc.assert(
      fc.property(fc.nat(whole.length - 1), character, (place, other) => {
        const changed = whole.slice(0, place) + other + whole.slice(place + 1);

        expect(verdict(() => read({ certificate: changed, chain: rootPem }), expected)).toMatch(
          /^(refused|the same)$/,
        );
      }),
      { numRuns: 300 },
    );
  });

  test.each(['rsa2048', 'p256', 'p384', 'ed25519'] as const)(
    'Any bundle with a byte of its DER changed is the same or refused (%s)',
    async (keyType) => {
      const authority = await createAuthority({ name: 'Test', intermediate: true });
      const { fullchainPem, keyPem } = await authority.issue({ names: ['www.example.test'], keyType });
      const labels = ['CERTIFICATE', 'CERTIFICATE', 'CERTIFICATE', 'PRIVATE KEY'] as const;
      const ders = [...blocksOf(fullchainPem), authority.rootPem, keyPem].map(derOf);
      const same = read({ certificate: fullchainPem + authority.rootPem, key: keyPem }).bundle;

      fc.assert(
        fc.property(fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, place, mask) => {
          const pem = ders.map((der, index) =>
            armour(labels[index] ?? '', index === which ? flipped(der, place, mask) : der),
          );

          const outcome = verdict(() => read({ certificate: pem.join('') }), same);

          // A root whose issuer's name is damaged cannot be told from one that another authority cross-signed.
          expect(outcome).toMatch(
            which === root ? /^(refused|the same|another chain)$/ : /^(refused|the same)$/,
          );
        }),
        { numRuns: 300 },
      );
    },
  );

  test('Any bundle in an encrypted form with a byte changed is the same or refused', () => {
    const sealed = derOf(asEncryptedPkcs8(version.keyPem, passphrase, ['-iter', '1000']));
    const pkcs12 = asPkcs12(version.fullchainPem + version.keyPem, passphrase, ['-iter', '1', '-maciter']);
    const unchecked = asPkcs12(version.fullchainPem + version.keyPem, passphrase, [
      '-iter',
      '1',
      '-nomac',
      '-certpbe',
      'AES-256-CBC',
    ]);
    const sec1 = derOf(
      asSec1(version.keyPem).replace(/-----BEGIN EC PARAMETERS-----[^-]+-----END EC PARAMETERS-----/, ''),
    );
    const { fullchainPem: certificate } = version;
    const forms: ((place: number, mask: number) => BundleInput)[] = [
      (place, mask) => ({
        certificate,
        key: armour('ENCRYPTED PRIVATE KEY', flipped(sealed, place, mask)),
        passphrase,
      }),
      (place, mask) => ({ certificate, key: armour('EC PRIVATE KEY', flipped(sec1, place, mask)) }),
      (place, mask) => ({ pkcs12: flipped(pkcs12, place, mask), passphrase, chain: rootPem }),
      (place, mask) => ({ pkcs12: flipped(unchecked, place, mask), passphrase, chain: rootPem }),
    ];

    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (form, place, mask) => {
          expect(verdict(() => read(form(place, mask)), expected)).toMatch(/^(refused|the same)$/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('anything at all', () => {
  const labels = [
    'CERTIFICATE',
    'PRIVATE KEY',
    'RSA PRIVATE KEY',
    'EC PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'X509 CRL',
  ];
  const bytes = fc.uint8Array({ maxLength: 200 });
  const der = bytes.map((content) => Buffer.from([0x30, 0x81, content.length, ...content]));
  const block = fc.tuple(
    fc.constantFrom(...labels),
    fc.oneof(
      der,
      bytes.map((each) => Buffer.from(each)),
    ),
  );
  const pem = fc
    .array(
      block.map(([label, content]) => armour(label, content)),
      { maxLength: 4 },
    )
    .map((all) => all.join(''));
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    pem,
    pem.map(withCrlf),
    pem.map(withByteOrderMark),
  );

  test('Anything at all is refused with an error of certferry and no other', () => {
    const base64 = der.map((each) => each.toString('base64'));
    const content = fc.oneof(text, bytes, der, base64);
    const input = fc.record(
      { certificate: content, chain: content, key: content, passphrase: fc.string() },
      { requiredKeys: [] },
    );

    fc.assert(
      fc.property(input, fc.date({ noInvalidDate: true }), (given, now) => {
        expect(bundleOrRefusal(() => readBundle(given, now))).toBeInstanceOf(CertferryError);
      }),
      { numRuns: 300 },
    );
  });

  test('Anything at all beside a real certificate and key never gives anything but these', async () => {
    const { fullchainPem, certPem, chainPem, keyPem } = await aVersion();
    const expected = { leaf: certPem, chain: [chainPem], key: keyPem };

    fc.assert(
      fc.property(text, (chain) => {
        const call = () => read({ certificate: fullchainPem, chain, key: keyPem });

        expect(verdict(call, expected)).toMatch(/^(refused|the same)$/);
      }),
      { numRuns: 300 },
    );
  });

  test('Anything at all given as PKCS#12 is refused with an error of certferry and no other', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, der), fc.option(fc.string(), { nil: undefined }), (pkcs12, secret) => {
        expect(bundleOrRefusal(() => read({ pkcs12, passphrase: secret }))).toBeInstanceOf(CertferryError);
      }),
      { numRuns: 300 },
    );
  });
});

function flipped(bytes: Buffer, place: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = place % copy.length;
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
}
