import fc from 'fast-check';
import forge from 'node-forge';
import { expect, test } from 'vitest';
import { digestBytes, pkcs12Key, purposes } from '../../../core/certificate/pkcs12-key.ts';

/** The published types do not have this function. */
const { generatePkcs12Key } = (
  forge as unknown as {
    pbe: {
      generatePkcs12Key(
        passphrase: string,
        salt: forge.util.ByteStringBuffer,
        purpose: number,
        iterations: number,
        length: number,
        digest: forge.md.MessageDigest,
      ): forge.util.ByteStringBuffer;
    };
  }
).pbe;

// node-forge is an implementation of the same appendix by other authors; pkcs12.test.ts reads files of OpenSSL.
test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
  'Any key of PKCS#12 derived with %s equals the one that node-forge derives',
  (digest) => {
    const input = fc.record({
      passphrase: fc.string({ unit: 'grapheme', maxLength: 80 }),
      salt: fc.uint8Array({ maxLength: 200 }),
      purpose: fc.constantFrom('key', 'iv', 'mac'),
      iterations: fc.integer({ min: 1, max: 40 }),
      length: fc.integer({ min: 1, max: 3 * digestBytes[digest] }),
    });

    fc.assert(
      fc.property(input, ({ passphrase, ...derivation }) => {
        const { salt, purpose, iterations, length } = derivation;
        const expected = generatePkcs12Key(
          passphrase,
          forge.util.createBuffer(Buffer.from(salt).toString('latin1')),
          purposes[purpose],
          iterations,
          length,
          forge.md[digest].create(),
        );

        expect(pkcs12Key(passphrase, { digest, ...derivation }).toString('hex')).toBe(expected.toHex());
      }),
    );
  },
);
