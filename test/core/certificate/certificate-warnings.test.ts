import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { aVersion } from '../../fixtures/certificates.ts';
import { openssl } from '../../fixtures/forms.ts';
import { pkcs8 } from '../../fixtures/hierarchies.ts';
import { read } from './refusal.ts';

const key = pkcs8(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);

/** A self-signed leaf, made by openssl. */
function warningsOf(...args: string[]): string[] {
  const fixed = ['req', '-x509', '-key', '/dev/stdin', '-subj', '/CN=odd.example.test', '-days', '30'];
  const extensions = [
    '-addext',
    'basicConstraints=critical,CA:FALSE',
    '-addext',
    'subjectAltName=DNS:odd.example.test',
  ];
  const certificate = openssl([...fixed, ...extensions, ...args], key).toString();
  return read({ certificate, key }).warnings;
}

describe('warnings about certificates', () => {
  test('A must-staple leaf causes a warning that names its effect', () => {
    expect(warningsOf('-addext', 'tlsfeature=status_request')).toEqual([
      expect.stringMatching(/requires OCSP stapling \(must-staple\).*Firefox.*Enable stapling in the daemon/),
    ]);
  });

  test('Another TLS feature causes no warning', () => {
    expect(warningsOf('-addext', 'tlsfeature=status_request_v2')).toEqual([]);
  });

  test.each([
    ['a negative serial number', '-5'],
    ['a negative serial number', '-0x7f000000000000000000'],
    ['the serial number zero', '0'],
  ])('A certificate with %s (%s) causes a warning that names the reason', (kind, serial) => {
    expect(warningsOf('-set_serial', serial)).toEqual([
      expect.stringMatching(new RegExp(`has ${kind}\\. RFC 5280 requires a positive one.*Go`)),
    ]);
  });

  test.each(['1', '0x80', '0xff00000000000000000000000000000000000001'])(
    'A positive serial number (%s) causes no warning',
    (serial) => {
      expect(warningsOf('-set_serial', serial)).toEqual([]);
    },
  );

  test('A certificate of an ordinary authority causes no warning', async () => {
    const { fullchainPem, keyPem } = await aVersion();

    expect(read({ certificate: fullchainPem, key: keyPem }).warnings).toEqual([]);
  });
});
