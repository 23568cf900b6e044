import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { armour, asEncryptedPkcs8, asLegacyEncrypted, asPkcs1, asSec1, derOf } from '../../fixtures/forms.ts';
import { aStrangeKey, pkcs8 } from '../../fixtures/hierarchies.ts';
import { everythingSaid, read, refusal } from './refusal.ts';

const passphrase = 'öpen, sesame';

describe('private keys', () => {
  let rsa: IssuedCertificate;
  let ec: IssuedCertificate;

  beforeAll(async () => {
    [rsa, ec] = await Promise.all([aVersion({ keyType: 'rsa2048' }), aVersion()]);
  });

  test.each([
    ['rsa2048', 'rsa', 'RSA 2048'],
    ['rsa4096', 'rsa', 'RSA 4096'],
    ['p256', 'ec', 'ECDSA P-256'],
    ['p384', 'ec', 'ECDSA P-384'],
    ['p521', 'ec', 'ECDSA P-521'],
    ['ed25519', 'ed25519', 'Ed25519'],
  ] as const)('The reader of private keys carries %s', async (keyType, keyAlgorithm, description) => {
    const version = await aVersion({ keyType });

    const { bundle, facts, subject } = read({ certificate: version.fullchainPem, key: version.keyPem });

    expect(bundle.key).toBe(version.keyPem);
    expect(facts.keyAlgorithm).toBe(keyAlgorithm);
    expect(subject.key).toBe(description);
  });

  test.each<[string, (keys: { rsaKey: string; ecKey: string }) => [string, string]]>([
    ['PKCS#1', ({ rsaKey }) => ['rsa', asPkcs1(rsaKey)]],
    ['SEC1 behind its parameters', ({ ecKey }) => ['ec', asSec1(ecKey)]],
    ['encrypted PKCS#8', ({ ecKey }) => ['ec', asEncryptedPkcs8(ecKey, passphrase)]],
    [
      'encrypted PKCS#8 of OpenSSL 1',
      ({ rsaKey }) => ['rsa', asEncryptedPkcs8(rsaKey, passphrase, ['-v1', 'PBE-SHA1-3DES'])],
    ],
    ['PKCS#8 encrypted with scrypt', ({ ecKey }) => ['ec', asEncryptedPkcs8(ecKey, passphrase, ['-scrypt'])]],
    ['PKCS#1 with Proc-Type', ({ rsaKey }) => ['rsa', asLegacyEncrypted(rsaKey, passphrase)]],
    ['SEC1 with Proc-Type', ({ ecKey }) => ['ec', asLegacyEncrypted(ecKey, passphrase)]],
  ])('The reader of private keys turns %s into plain PKCS#8', (_, convert) => {
    const [kind, key] = convert({ rsaKey: rsa.keyPem, ecKey: ec.keyPem });
    const version = kind === 'rsa' ? rsa : ec;

    const { bundle } = read({ certificate: version.fullchainPem, key, passphrase });

    expect(bundle.key).toBe(version.keyPem);
  });

  test('The reader of private keys takes the same key in two forms for one', () => {
    const { bundle } = read({ certificate: rsa.fullchainPem, key: rsa.keyPem + asPkcs1(rsa.keyPem) });

    expect(bundle.key).toBe(rsa.keyPem);
  });

  test('The reader of private keys passes over a passphrase that an unencrypted key does not need', () => {
    expect(read({ certificate: ec.fullchainPem, key: ec.keyPem, passphrase }).bundle.key).toBe(ec.keyPem);
  });

  test.each([
    ['encrypted PKCS#8', asEncryptedPkcs8],
    ['a key with Proc-Type', asLegacyEncrypted],
  ])('The reader of private keys refuses the wrong passphrase of %s, without saying either', (_, encrypt) => {
    const key = encrypt(ec.keyPem, passphrase);

    const error = refusal(() => read({ certificate: ec.fullchainPem, key, passphrase: 'let me in' }));

    expect(error).toMatchObject({
      name: 'WrongPassphrase',
      details: { field: 'key', passphraseGiven: true },
    });
    expect(error.message).toContain('The private key (field "key") does not open with the passphrase');
    expect(everythingSaid(error)).not.toMatch(/let me in|sesame/);
  });

  test.each([
    ['encrypted PKCS#8', asEncryptedPkcs8],
    ['a key with Proc-Type', asLegacyEncrypted],
  ])('A private key %s is refused with a request for the passphrase when none is given', (_, encrypt) => {
    const error = refusal(() => read({ certificate: ec.fullchainPem, key: encrypt(ec.keyPem, passphrase) }));

    expect(error).toMatchObject({
      name: 'WrongPassphrase',
      details: { field: 'key', passphraseGiven: false },
    });
    expect(error.message).toContain('is encrypted, but there is no passphrase');
  });

  test('The reader of private keys refuses an encrypted key that is damaged as unreadable', () => {
    const key = armour('ENCRYPTED PRIVATE KEY', Buffer.from([0x30, 5, 1, 2]));

    expect(refusal(() => read({ certificate: ec.fullchainPem, key, passphrase })).name).toBe(
      'BundleUnreadable',
    );
  });

  test('The reader of private keys refuses an encryption that would take for ever to open', () => {
    const key = asEncryptedPkcs8(ec.keyPem, passphrase, ['-iter', '1000']);
    const der = derOf(key);
    const place = der.indexOf(Buffer.from([2, 2, 0x03, 0xe8]));
    const costly = Buffer.concat([
      der.subarray(0, place),
      Buffer.from([2, 2, 0x7f, 0xff]),
      der.subarray(place + 4),
    ]);
    const costlier = widen(der, place);

    expect(
      refusal(() =>
        read({ certificate: ec.fullchainPem, key: armour('ENCRYPTED PRIVATE KEY', costly), passphrase }),
      ).name,
    ).toBe('WrongPassphrase');
    expect(
      refusal(() =>
        read({ certificate: ec.fullchainPem, key: armour('ENCRYPTED PRIVATE KEY', costlier), passphrase }),
      ),
    ).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining('iterations; at most 5000000 are allowed'),
    });
  });

  test('The reader of private keys refuses a key that does not match the leaf, naming the kinds of both', () => {
    const error = refusal(() => read({ certificate: ec.fullchainPem, key: rsa.keyPem }));

    expect(error.name).toBe('KeyMismatch');
    expect(error.message).toContain('RSA 2048');
    expect(error.message).toContain('ECDSA P-256');
    expect(error.message).toContain('CN=www.example.test');
  });

  test('The reader of private keys refuses another key of the same kind', () => {
    expect(refusal(() => read({ certificate: ec.fullchainPem, key: aStrangeKey() })).name).toBe(
      'KeyMismatch',
    );
  });

  test('The reader of private keys refuses two different keys even if one of them matches', () => {
    const error = refusal(() => read({ certificate: ec.fullchainPem + aStrangeKey(), key: ec.keyPem }));

    expect(error).toMatchObject({ name: 'SeveralPrivateKeys', details: { fields: ['certificate', 'key'] } });
  });

  test('The reader of private keys asks for the key where none is', () => {
    expect(refusal(() => read({ certificate: ec.fullchainPem }))).toMatchObject({
      name: 'NoPrivateKey',
      message: expect.stringContaining('There is no private key in the field "certificate"'),
    });
  });

  test('The reader of private keys refuses the form of ssh-keygen with the command that converts it', () => {
    const key = armour('OPENSSH PRIVATE KEY', Buffer.from('openssh-key-v1'));

    expect(refusal(() => read({ certificate: ec.fullchainPem, key }))).toMatchObject({
      name: 'KeyTypeUnsupported',
      message: expect.stringContaining('ssh-keygen -p -m PKCS8'),
    });
  });

  test('The reader of private keys refuses a key of which nothing can be made', () => {
    const key = armour('PRIVATE KEY', Buffer.from([0x30, 3, 2, 1, 0]));

    expect(refusal(() => read({ certificate: ec.fullchainPem, key }))).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining('the block PRIVATE KEY cannot be read as a private key'),
    });
  });

  test('The reader of private keys refuses an EC key whose secret half was damaged while its public half still matches', () => {
    const der = derOf(ec.keyPem);
    const secret = der.indexOf(Buffer.from([4, 32])) + 10;
    der[secret] = (der[secret] ?? 0) ^ 1;

    const error = refusal(() => read({ certificate: ec.fullchainPem, key: armour('PRIVATE KEY', der) }));

    expect(error).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining('The private key is damaged'),
    });
    expect(everythingSaid(error)).not.toContain(der.toString('base64').slice(0, 60));
  });

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi'] as const)(
    'The reader of private keys refuses an RSA key whose %s was damaged',
    (part) => {
      const jwk = createPrivateKey(rsa.keyPem).export({ format: 'jwk' });
      const number = Buffer.from(jwk[part] ?? '', 'base64url');
      number[40] = (number[40] ?? 0) ^ 1;
      const key = pkcs8(
        createPrivateKey({ key: { ...jwk, [part]: number.toString('base64url') }, format: 'jwk' }),
      );

      expect(refusal(() => read({ certificate: rsa.fullchainPem, key })).name).toBe('BundleUnreadable');
    },
  );

  test('The reader of private keys refuses an RSA key whose primes are gone', () => {
    const jwk = createPrivateKey(rsa.keyPem).export({ format: 'jwk' });
    const key = pkcs8(createPrivateKey({ key: { ...jwk, p: 'AQ', q: jwk.n ?? '' }, format: 'jwk' }));

    expect(refusal(() => read({ certificate: rsa.fullchainPem, key })).name).toBe('BundleUnreadable');
  });

  test('The reader of private keys refuses a key that cannot sign as one that belongs to another certificate', () => {
    const key = pkcs8(generateKeyPairSync('x25519').privateKey);

    expect(refusal(() => read({ certificate: ec.fullchainPem, key }))).toMatchObject({
      name: 'KeyMismatch',
      message: expect.stringContaining('X25519'),
    });
  });
});

/** The DER with its two-byte INTEGER at `place` made a four-byte one (2,130,706,432), and the lengths above it corrected. */
function widen(der: Buffer, place: number): Buffer {
  const grown = Buffer.concat([
    der.subarray(0, place),
    Buffer.from([2, 4, 0x7f, 0, 0, 0]),
    der.subarray(place + 4),
  ]);
  for (const at of enclosing(der, place)) grown[at] = (grown[at] ?? 0) + 2;
  return grown;
}

/** Where the last length byte stands of each value that holds `place`. */
function enclosing(der: Buffer, place: number, start = 0): number[] {
  const short = der[start + 1] ?? 0;
  const lengthBytes = short > 0x80 ? short - 0x80 : 0;
  const lastLengthByte = start + 1 + lengthBytes;
  let child = lastLengthByte + 1;
  if (child > place) return [];
  for (let next = endOf(der, child); next <= place; next = endOf(der, child)) child = next;
  return child === place ? [lastLengthByte] : [lastLengthByte, ...enclosing(der, place, child)];
}

function endOf(der: Buffer, start: number): number {
  const short = der[start + 1] ?? 0;
  if (short <= 0x80) return start + 2 + short;
  const lengthBytes = short - 0x80;
  return start + 2 + lengthBytes + der.readUIntBE(start + 2, lengthBytes);
}
