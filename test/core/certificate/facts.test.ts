import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeCertificate, nameLine } from '../../../core/certificate/describe.ts';
import { factsOfPem, fingerprintOf, lostNames, namesOf } from '../../../core/certificate/facts.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { openssl, withCrlf } from '../../fixtures/forms.ts';
import { anIdentity } from '../../fixtures/hierarchies.ts';
import { read } from './refusal.ts';

describe('facts of installed files', () => {
  let version: IssuedCertificate;

  beforeAll(async () => {
    version = await aVersion({ notAfter: new Date('2031-05-06T07:08:09Z') });
  });

  test('Facts of installed files equal those of the bundle that was installed', () => {
    const { bundle, facts } = read({ certificate: version.fullchainPem, key: version.keyPem });

    expect(factsOfPem(bundle.leaf + bundle.chain.join(''))).toEqual(facts);
    expect(factsOfPem(bundle.key + bundle.leaf + bundle.chain.join(''))).toEqual(facts);
    expect(factsOfPem(withCrlf(bundle.leaf + bundle.chain.join('')))).toEqual(facts);
  });

  test('Facts of installed files are a fingerprint, those of the chain, the kind of key and the last second', () => {
    const facts = factsOfPem(version.fullchainPem);

    expect(VersionFacts.parse(facts)).toEqual({
      fingerprint: version.fingerprint,
      chain: [fingerprintOf(new X509Certificate(version.chainPem))],
      keyAlgorithm: 'ec',
      notAfter: 1_935_817_689,
    });
  });

  test.each([
    ['rsa2048', 'rsa'],
    ['ed25519', 'ed25519'],
    ['ml-dsa-44', 'ml-dsa'],
  ] as const)('Facts of installed files know %s', async (keyType, keyAlgorithm) => {
    const { certPem } = await aVersion({ keyType });

    expect(factsOfPem(certPem)).toMatchObject({ keyAlgorithm });
  });

  test.each([
    ['an empty file', ''],
    [
      'a file without a certificate',
      '-----BEGIN DH PARAMETERS-----\nMAYCAQsCAQI=\n-----END DH PARAMETERS-----\n',
    ],
    ['a damaged certificate', '-----BEGIN CERTIFICATE-----\nMAYCAQsCAQI=\n-----END CERTIFICATE-----\n'],
  ])('Facts of installed files are null for %s', (_, pem) => {
    expect(factsOfPem(pem)).toBeNull();
  });

  test('Facts of installed files are null for a key of another kind', () => {
    const key = openssl(['genpkey', '-algorithm', 'ed448']).toString();

    expect(
      factsOfPem(openssl(['req', '-x509', '-key', '/dev/stdin', '-subj', '/CN=x'], key).toString()),
    ).toBeNull();
  });
});

describe('names of a certificate', () => {
  test('Names of a certificate are its DNS names and addresses in lower case, each once', async () => {
    const { certPem } = await aVersion({
      names: ['WWW.Example.Test', 'www.example.test', '*.example.test', '192.0.2.1', '2001:db8::1'],
    });

    expect(namesOf(new X509Certificate(certPem))).toEqual([
      'www.example.test',
      '*.example.test',
      '192.0.2.1',
      '2001:db8:0:0:0:0:0:1',
    ]);
  });

  test('Names of a certificate leave out what is not a host', () => {
    const key = openssl(['genpkey', '-algorithm', 'ed25519']).toString();
    const names =
      'subjectAltName=email:me@example.test,DNS:a.example.test,URI:https://b.example.test/x,DNS:c.example.test';
    const certificate = openssl(
      ['req', '-x509', '-key', '/dev/stdin', '-subj', '/CN=x', '-addext', names],
      key,
    );

    expect(namesOf(new X509Certificate(certificate))).toEqual(['a.example.test', 'c.example.test']);
  });

  test('A name that looks like several names is one name of the certificate', async () => {
    const { certificate } = await anIdentity({ subject: 'x', names: ['a.test, DNS:b.test'] });

    expect(namesOf(certificate)).toEqual(['a.test, dns:b.test']);
  });

  test('Names of a certificate are the common name when there are no others, and nothing without that', () => {
    const key = openssl(['genpkey', '-algorithm', 'ed25519']).toString();
    const named = (subject: string) =>
      new X509Certificate(openssl(['req', '-x509', '-key', '/dev/stdin', '-subj', subject], key));

    expect(namesOf(named('/O=Example/CN=Only.Example.Test'))).toEqual(['only.example.test']);
    expect(namesOf(named('/O=Example'))).toEqual([]);
  });
});

describe('lost names', () => {
  test.each([
    ['the same names', ['a.test', 'b.test'], ['b.test', 'a.test'], []],
    ['a name more', ['a.test'], ['a.test', 'b.test'], []],
    ['a name less', ['a.test', 'b.test'], ['a.test'], ['b.test']],
    ['another case', ['A.test'], ['a.TEST'], []],
    ['a wildcard that covers', ['www.a.test'], ['*.a.test'], []],
    [
      'a wildcard that stands for one label only',
      ['x.www.a.test', 'a.test'],
      ['*.a.test'],
      ['x.www.a.test', 'a.test'],
    ],
    ['names where a wildcard was', ['*.a.test'], ['www.a.test'], ['*.a.test']],
    ['an address less', ['192.0.2.1', 'a.test'], ['a.test'], ['192.0.2.1']],
    ['a name without a dot', ['localhost'], ['*.localhost'], ['localhost']],
  ])('Lost names are reported for %s', async (_, installed, next, lost) => {
    const [before, after] = await Promise.all([aVersion({ names: installed }), aVersion({ names: next })]);

    expect(lostNames(before.fullchainPem, after.fullchainPem)).toEqual(lost);
  });

  test('Lost names are none where nothing was installed that can be read', async () => {
    const { certPem } = await aVersion();

    expect(lostNames('', certPem)).toEqual([]);
    expect(lostNames('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', certPem)).toEqual([]);
  });
});

describe('descriptions', () => {
  test('Descriptions name a certificate by subject, serial and last day', async () => {
    const { certPem } = await aVersion({ serial: '0a1b', notAfter: new Date('2031-05-06T07:08:09Z') });

    expect(describeCertificate(new X509Certificate(certPem))).toBe(
      '"CN=www.example.test" (serial 0A1B, valid until 2031-05-06)',
    );
  });

  test.each([
    ['a name of several parts', 'C=AQ\nO=Example', 'C=AQ, O=Example'],
    ['no name', '', 'no name'],
    ['none at all', undefined, 'no name'],
    ['control characters', 'CN=\u001b[31mred', 'CN=?[31mred'],
    ['a long name', 'x'.repeat(200), `${'x'.repeat(120)}…`],
  ])('Descriptions show %s on one short line', (_, name, line) => {
    expect(nameLine(name)).toBe(line);
  });

  test('A description of a leaf contains its issuer and its serial number', async () => {
    const issuer = await anIdentity({ subject: 'Issuer', ca: true });
    const leaf = await anIdentity({ subject: 'www', issuer, names: ['www.example.test'] });

    const { subject } = read({ certificate: leaf.certPem, key: leaf.keyPem });

    expect(subject).toMatchObject({ issuer: 'CN=Issuer', serial: leaf.certificate.serialNumber });
  });
});
