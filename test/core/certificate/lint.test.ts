import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import { readBundle } from '../../../core/certificate/read-bundle.ts';
import { anAuthority, aVersion, createAuthority } from '../../fixtures/certificates.ts';
import { armour, derOf, openssl } from '../../fixtures/forms.ts';
import { anIdentity, pkcs8 } from '../../fixtures/hierarchies.ts';
import { read, refusal } from './refusal.ts';

const notBefore = new Date('2030-01-01T00:00:00Z');
const notAfter = new Date('2030-03-31T23:59:59Z');

/** A self-signed leaf of any key and signature that openssl can make. */
function selfSigned(keyPem: string, args: readonly string[] = []): { certificate: string; key: string } {
  const extension = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const fixed = ['req', '-x509', '-key', '/dev/stdin', '-subj', '/CN=odd.example.test', '-days', '30'];
  return { certificate: openssl([...fixed, ...extension, ...args], keyPem).toString(), key: keyPem };
}

describe('dates', () => {
  let input: { certificate: string; key: string };

  beforeAll(async () => {
    const { certPem, keyPem } = await aVersion({ notBefore, notAfter });
    input = { certificate: certPem, key: keyPem };
  });

  test.each([
    ['in the first second', '2030-01-01T00:00:00Z'],
    ['in the middle', '2030-02-01T00:00:00Z'],
    ['in the last second', '2030-03-31T23:59:59.900Z'],
  ])('The check of dates takes a certificate %s of its life', (_, now) => {
    const { subject } = readBundle(input, new Date(now));

    expect(subject).toMatchObject({ notBefore: 1_893_456_000, notAfter: 1_901_231_999 });
  });

  test('The check of dates refuses a leaf whose dates are no dates', () => {
    const der = derOf(input.certificate);
    der.write('301399235959Z', der.indexOf('300331235959Z'));

    const certificate = armour('CERTIFICATE', der);

    expect(refusal(() => read({ ...input, certificate })).name).toBe('BundleUnreadable');
    expect(factsOfPem(certificate)).toBeNull();
  });

  test('The check of dates refuses an expired leaf with the day it expired', () => {
    const error = refusal(() => readBundle(input, new Date('2030-04-01T00:00:00Z')));

    expect(error.name).toBe('CertificateExpired');
    expect(error.message).toContain('"CN=www.example.test"');
    expect(error.message).toContain('expired on 2030-03-31; the time is 2030-04-01T00:00:00.000Z');
  });

  test('The check of dates refuses a leaf that is not yet valid with the time from which it is', () => {
    const error = refusal(() => readBundle(input, new Date('2029-12-31T23:59:59Z')));

    expect(error.name).toBe('CertificateNotYetValid');
    expect(error.message).toContain(
      'is not valid before 2030-01-01T00:00:00.000Z; the time is 2029-12-31T23:59:59.000Z',
    );
  });

  test.each([
    ['expired', 'CertificateExpired', { notAfter: new Date(Date.now() - 1000) }],
    ['not yet valid', 'CertificateNotYetValid', { notBefore: new Date(Date.now() + 60_000) }],
  ])('The check of dates refuses an intermediate that is %s, naming it', async (_, name, dates) => {
    const root = await anIdentity({ subject: 'Root', ca: true });
    const issuer = await anIdentity({ subject: 'Middle', ca: true, issuer: root, ...dates });
    const leaf = await anIdentity({ subject: 'www', issuer, names: ['www.example.test'] });

    const error = refusal(() => read({ certificate: leaf.certPem + issuer.certPem, key: leaf.keyPem }));

    expect(error).toMatchObject({ name, message: expect.stringContaining('"CN=Middle"') });
  });

  test('The check of dates passes over the dates of a root, which is not served', async () => {
    const root = await anIdentity({ subject: 'Root', ca: true, notAfter: new Date(Date.now() - 1000) });
    const leaf = await anIdentity({ subject: 'www', issuer: root, names: ['www.example.test'] });

    expect(read({ certificate: leaf.certPem + root.certPem, key: leaf.keyPem }).warnings).toEqual([]);
  });

  test.each([
    ['7 days before', '2030-03-24T23:59:59Z', []],
    ['less than 7 days before', '2030-03-25T00:00:00Z', ['The leaf expires on 2030-03-31, in 6 day(s).']],
    ['in the last second', '2030-03-31T23:59:59.900Z', ['The leaf expires on 2030-03-31, in 0 day(s).']],
  ])('The check of dates warns of expiry %s it', (_, now, expected) => {
    const { warnings } = readBundle(input, new Date(now));

    expect(warnings.filter((each) => each.includes('expires'))).toEqual(expected);
  });
});

describe('keys', () => {
  test('The check of keys refuses an RSA key under 2048 bits', async () => {
    const { fullchainPem, keyPem } = await aVersion({ keyType: 'rsa1024' });

    expect(refusal(() => read({ certificate: fullchainPem, key: keyPem }))).toMatchObject({
      name: 'KeyTooWeak',
      message: expect.stringContaining('has 1024 bits; at least 2048 are required'),
    });
  });

  test('The check of keys refuses an RSA key of more than 8192 bits, whose signatures take seconds', async () => {
    const modulus = Buffer.alloc(1025, 0xff).toString('base64url'); // no prime factors are needed: nothing signs with it
    const publicKey = await webcrypto.subtle.importKey(
      'jwk',
      { kty: 'RSA', n: modulus, e: 'AQAB' },
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      true,
      ['verify'],
    );
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
    const { certPem, keyPem } = await anIdentity({ subject: 'large', keys: { ...keys, publicKey } });

    expect(refusal(() => read({ certificate: certPem, key: keyPem }))).toMatchObject({
      name: 'KeyTypeUnsupported',
      message: expect.stringContaining('has 8200 bits; clients refuse more than 8192'),
    });
  });

  test('The check of keys refuses an intermediate with such a key', async () => {
    const authority = await createAuthority({ name: 'Weak', keyType: 'rsa1024', intermediate: true });
    const { fullchainPem, keyPem } = await authority.issue({ names: ['www.example.test'] });

    expect(refusal(() => read({ certificate: fullchainPem, key: keyPem }))).toMatchObject({
      name: 'KeyTooWeak',
      message: expect.stringContaining('"CN=Weak Intermediate"'),
    });
  });

  test.each([
    [
      'a curve that browsers do not take',
      () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      'ECDSA secp256k1',
    ],
    ['Ed448', () => generateKeyPairSync('ed448'), 'ED448'],
    ['RSA-PSS keys', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), 'RSA-PSS'],
    ['DSA', () => generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }), 'DSA'],
  ])('The check of keys refuses %s', (_, make, kind) => {
    const input = selfSigned(pkcs8(make().privateKey));

    expect(refusal(() => read(input))).toMatchObject({ name: 'KeyTypeUnsupported', details: { key: kind } });
  });

  test('The check of keys refuses a key of a type that OpenSSL does not support', async () => {
    const { certPem, keyPem } = await aVersion();
    const der = Buffer.from(certPem.replace(/-----[^-]+-----/g, ''), 'base64');
    const idEcPublicKey = der.indexOf(Buffer.from('06072a8648ce3d0201', 'hex'));
    der[idEcPublicKey + 8] = 0x7e;
    const certificate = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;

    expect(refusal(() => read({ certificate, key: keyPem }))).toMatchObject({
      name: 'KeyTypeUnsupported',
      details: { key: `of a type that OpenSSL ${process.versions.openssl} does not support` },
    });
  });
});

describe('signatures', () => {
  let rsaKey: string;

  beforeAll(() => {
    rsaKey = pkcs8(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  });

  test.each([
    ['rsa2048', 'SHA-1 with RSA'],
    ['p256', 'SHA-1 with ECDSA'],
  ] as const)('The check of signatures refuses SHA-1 on a leaf (%s)', async (keyType, signature) => {
    const authority = await createAuthority({ name: 'Old', keyType });
    const { certPem, keyPem } = await authority.issue({
      names: ['www.example.test'],
      signatureHash: 'SHA-1',
    });

    const error = refusal(() => read({ certificate: certPem, key: keyPem }));

    expect(error).toMatchObject({ name: 'WeakSignature', details: { signature } });
    expect(error.message).toContain('"CN=www.example.test"');
  });

  test('The check of signatures refuses SHA-1 on an intermediate, naming it', async () => {
    const authority = await createAuthority({ name: 'Old', intermediate: true, signatureHash: 'SHA-1' });
    const { fullchainPem, keyPem } = await authority.issue({ names: ['www.example.test'] });

    expect(refusal(() => read({ certificate: fullchainPem, key: keyPem }))).toMatchObject({
      name: 'WeakSignature',
      message: expect.stringContaining('"CN=Old Intermediate"'),
    });
  });

  test('A SHA-1 signature on a root is accepted, because clients do not verify it', async () => {
    const root = await anIdentity({ subject: 'Root', ca: true, signatureHash: 'SHA-1' });
    const leaf = await anIdentity({ subject: 'www', issuer: root, names: ['www.example.test'] });

    expect(read({ certificate: leaf.certPem + root.certPem, key: leaf.keyPem }).warnings).toEqual([]);
  });

  test.each([
    ['MD5', ['-md5'], 'MD5 with RSA'],
    ['SHA-1 in RSA-PSS', ['-sha1', '-sigopt', 'rsa_padding_mode:pss'], 'SHA-1 with RSA-PSS'],
  ])('The check of signatures refuses %s', (_, args, signature) => {
    const input = selfSigned(rsaKey, args);

    expect(refusal(() => read(input))).toMatchObject({ name: 'WeakSignature', details: { signature } });
  });

  test('The check of signatures refuses RSA-PSS whose parameters cannot be read', () => {
    const { certificate, key } = selfSigned(rsaKey, ['-sha256', '-sigopt', 'rsa_padding_mode:pss']);
    const der = derOf(certificate);
    const parameters = der.lastIndexOf(Buffer.from('06092a864886f70d01010a', 'hex')) + 11;
    der[parameters] = 0x04;

    expect(refusal(() => read({ certificate: armour('CERTIFICATE', der), key }))).toMatchObject({
      name: 'WeakSignature',
      details: { signature: 'an algorithm that cannot be read' },
    });
  });

  test.each([
    ['SHA-256 in RSA-PSS', ['-sha256', '-sigopt', 'rsa_padding_mode:pss']],
    ['SHA-384', ['-sha384']],
    ['SHA-512', ['-sha512']],
  ])('The check of signatures takes %s', (_, args) => {
    const input = selfSigned(rsaKey, args);

    expect(read(input).subject.key).toBe('RSA 2048');
  });

  test('The check of signatures warns of a leaf that names nothing but its common name', async () => {
    const bare = await anIdentity({ subject: 'bare.example.test' });

    const { subject, warnings } = read({ certificate: bare.certPem, key: bare.keyPem });

    expect(subject.names).toEqual(['bare.example.test']);
    expect(warnings).toEqual([expect.stringContaining('no subject alternative name')]);
  });

  test('The check of signatures takes what a modern authority signs', async () => {
    const { rootPem } = await anAuthority();
    const { fullchainPem, keyPem } = await aVersion();

    expect(read({ certificate: fullchainPem + rootPem, key: keyPem }).warnings).toEqual([]);
  });
});
