import { createSecureContext } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { asPkcs12, openssl } from '../../fixtures/forms.ts';
import { withoutAnyPassphrase, withPbmac1 } from '../../fixtures/pkcs12-checks.ts';
import { everythingSaid, read, refusal } from './refusal.ts';

const passphrase = 'schlüssel €5';
/** The order matters: -nomac also turns the encryption of the certificates off. */
const withoutMac = ['-nomac', '-certpbe', 'AES-256-CBC'];

describe('the integrity check of PKCS#12', () => {
  let version: IssuedCertificate;
  let unchecked: Buffer;
  let clear: Buffer;

  beforeAll(async () => {
    version = await aVersion();
    const pem = version.fullchainPem + version.keyPem;
    unchecked = asPkcs12(pem, passphrase, withoutMac);
    clear = asPkcs12(pem, '', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE']);
  });

  test.each([20, 32, 64])(
    'The reader of PKCS#12 accepts PBMAC1 with a key of %i bytes, as OpenSSL 3.5 does',
    (keyBytes) => {
      const pkcs12 = withPbmac1(unchecked, passphrase, { keyBytes });

      expect(() => createSecureContext({ pfx: pkcs12, passphrase })).not.toThrow();
      expect(read({ pkcs12, passphrase }).facts.fingerprint).toBe(version.fingerprint);
    },
  );

  test('The reader of PKCS#12 refuses a wrong passphrase of PBMAC1 without quoting either', () => {
    const pkcs12 = withPbmac1(unchecked, passphrase);
    const error = refusal(() => read({ pkcs12, passphrase: 'let me in' }));

    expect(() => createSecureContext({ pfx: pkcs12, passphrase: 'let me in' })).toThrow();
    expect(error.name).toBe('WrongPassphrase');
    expect(everythingSaid(error)).not.toMatch(/let me in|schl/);
  });

  test('The reader of PKCS#12 refuses PBMAC1 without the length of its key, as RFC 9579 requires', () => {
    const pkcs12 = withPbmac1(unchecked, passphrase, { keyBytes: null });

    expect(() => createSecureContext({ pfx: pkcs12, passphrase })).toThrow();
    expect(refusal(() => read({ pkcs12, passphrase }))).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining('the length of its key is missing'),
    });
  });

  test.each([undefined, ''])(
    'The reader of PKCS#12 opens a file without any passphrase if the passphrase is %o, as openssl does',
    (given) => {
      const pkcs12 = withoutAnyPassphrase(clear);

      expect(openssl(['pkcs12', '-passin', 'pass:', '-nokeys'], pkcs12).toString()).toContain('CERTIFICATE');
      expect(read({ pkcs12, passphrase: given }).bundle).toEqual({
        leaf: version.certPem,
        chain: [version.chainPem],
        key: version.keyPem,
      });
    },
  );

  test('The reader of PKCS#12 refuses another passphrase of a file without any', () => {
    expect(refusal(() => read({ pkcs12: withoutAnyPassphrase(clear), passphrase })).name).toBe(
      'WrongPassphrase',
    );
  });
});
