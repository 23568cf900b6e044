import { beforeAll, describe, expect, test } from 'vitest';
import { readBundle } from '../../../core/certificate/read-bundle.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { bundleInputOf } from '../../../services/sources/content.ts';
import { everythingSaid, refusal } from '../../core/certificate/refusal.ts';
import { anAuthority, aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { armour, asPkcs12, derOf } from '../../fixtures/forms.ts';

const where = { name: 'secret certferry/api', details: { kind: 'secretsmanager' } };
let version: IssuedCertificate;
let rootPem: string;
let whole: Bundle;

beforeAll(async () => {
  version = await aVersion();
  ({ rootPem } = await anAuthority());
  whole = { leaf: version.certPem, chain: [version.chainPem], key: version.keyPem };
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const bundleIn = (json: object) => readBundle(bundleInputOf(JSON.stringify(json), where), new Date()).bundle;

type Fields = (given: IssuedCertificate) => Record<string, unknown>;

const own: Fields = ({ fullchainPem, keyPem }) => ({ certificate: fullchainPem, privateKey: keyPem });

describe('the fields of a secret', () => {
  test.each<[string, Fields]>([
    [
      'ACM',
      ({ certPem, chainPem, keyPem }) => ({
        Certificate: certPem,
        CertificateChain: chainPem,
        PrivateKey: keyPem,
      }),
    ],
    [
      'Kubernetes',
      ({ fullchainPem, keyPem }) => ({
        'tls.crt': base64(fullchainPem),
        'tls.key': base64(keyPem),
        'ca.crt': base64(rootPem),
      }),
    ],
    [
      'Kubernetes without base64',
      ({ fullchainPem, keyPem }) => ({ 'tls.crt': fullchainPem, 'tls.key': keyPem }),
    ],
    [
      'a manifest of Kubernetes',
      ({ fullchainPem, keyPem }) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata: { name: 'api', annotations: { last: `{"data":"${base64(keyPem)}"}` } },
        data: { 'tls.crt': base64(fullchainPem), 'tls.key': base64(keyPem) },
      }),
    ],
    [
      'Vault',
      ({ certPem, chainPem, keyPem }) => ({
        certificate: certPem,
        private_key: keyPem,
        private_key_type: 'ec',
        ca_chain: [chainPem, rootPem],
        issuing_ca: chainPem,
        serial_number: '39:dd:2e',
        expiration: 1_795_348_980,
      }),
    ],
    [
      'Vault with a chain in one text and no key type',
      ({ certPem, chainPem, keyPem }) => ({ certificate: certPem, private_key: keyPem, ca_chain: chainPem }),
    ],
    [
      'an answer of Vault',
      ({ certPem, chainPem, keyPem }) => ({
        request_id: 'r-1',
        lease_id: '',
        data: { certificate: certPem, private_key: keyPem, issuing_ca: chainPem, ca_chain: null },
      }),
    ],
    [
      'certferry with PKCS#12 and a separate chain',
      ({ certPem, chainPem, keyPem }) => ({
        pkcs12: asPkcs12(certPem + keyPem, 'pw').toString('base64'),
        passphrase: 'pw',
        chain: chainPem,
      }),
    ],
    [
      'certferry with PKCS#12 and a separate key',
      ({ fullchainPem, keyPem }) => ({
        pkcs12: asPkcs12(fullchainPem + keyPem, 'pw', ['-nokeys']).toString('base64'),
        passphrase: 'pw',
        privateKey: keyPem,
      }),
    ],
  ])('A secret with the fields of %s is read', (_, fields) => {
    expect(bundleIn(fields(version))).toEqual(whole);
  });

  test('Metadata beside the bundle is ignored, and so are a certificate request and fields that begin with _', () => {
    const metadata = {
      domain: 'api.example.test',
      expiry: '2027-01-01',
      certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1',
      keyId: 'k-1',
      privateKeyId: 'k-1',
      tags: { team: 'web' },
      csr: armour('CERTIFICATE REQUEST', Buffer.from('request')),
      chainPem: null,
      _acmeAccount: version.keyPem,
    };

    expect(bundleIn({ ...own(version), ...metadata })).toEqual(whole);
  });

  test.each<[string, Fields, string]>([
    ['a synonym', ({ chainPem }) => ({ chainPem }), 'has the field "chainPem".*Did you mean "chain"\\?'],
    ['another spelling', ({ keyPem }) => ({ 'private-key': keyPem }), '"private-key".*mean "privateKey"\\?'],
    ['a typing error', ({ chainPem }) => ({ chian: chainPem }), '"chian".*mean "chain"\\?'],
    ['a password', () => ({ Password: 'hunter2' }), '"Password".*mean "passphrase"\\?'],
    ['another name for PEM', ({ chainPem }) => ({ extra: chainPem }), '"extra".*Use "certificate"'],
    ['another name for PEM in a list', ({ chainPem }) => ({ extra: [chainPem] }), '"extra".*Use'],
    ['another name for base64 of PEM', ({ keyPem }) => ({ extra: base64(keyPem) }), '"extra".*Use'],
    [
      'another name for base64 of DER',
      ({ certPem }) => ({ extra: derOf(certPem).toString('base64') }),
      '"extra".*Use',
    ],
    ['a certificate that is an object', () => ({ certificate: { pem: 'x' } }), '"certificate" with a value'],
    ['two passphrases', () => ({ passphrase: 'one', Passphrase: 'two' }), 'two different passphrases'],
  ])('A secret with %s beside the bundle is refused, naming the field', (_, extra, message) => {
    const error = refusal(() => bundleIn({ ...own(version), ...extra(version) }));

    expect(error).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringMatching(new RegExp(`^secret certferry/api .*${message}`)),
    });
    expect(everythingSaid(error)).not.toMatch(/BEGIN|hunter2|'one'|MII/);
  });

  test('An error names the field of the secret, and both fields of a chain', () => {
    const { certPem, keyPem, fullchainPem } = version;
    const damaged = refusal(() => bundleIn({ 'tls.crt': fullchainPem, 'tls.key': 'secret: hunter2' }));
    const useless = refusal(() =>
      bundleIn({ certificate: certPem, private_key: keyPem, ca_chain: [keyPem], issuing_ca: keyPem }),
    );

    expect(damaged.message).toMatch(/^The field "tls\.key" holds no certificate and no key/);
    expect(useless.message).toContain('no certificate in the fields "ca_chain" and "issuing_ca"');
    expect(everythingSaid(damaged) + everythingSaid(useless)).not.toContain('hunter2');
  });
});
