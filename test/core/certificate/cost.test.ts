import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBudget } from '../../../core/certificate/derivation-budget.ts';
import { originOf } from '../../../core/certificate/origin.ts';
import type { BundleInput } from '../../../core/certificate/read-bundle.ts';
import { CertferryError } from '../../../core/errors.ts';
import { aVersion, type IssuedCertificate } from '../../fixtures/certificates.ts';
import { armour, asEncryptedPkcs8, asPkcs12, derOf, openssl } from '../../fixtures/forms.ts';
import { withPbmac1 } from '../../fixtures/pkcs12-checks.ts';
import { read, refusal } from './refusal.ts';

/** The expensive calls of node:crypto that a bundle caused. */
const calls = vi.hoisted(() => ({ derivations: 0, hashes: 0, openedKeys: 0 }));

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  return {
    ...real,
    pbkdf2Sync: (...args: Parameters<typeof real.pbkdf2Sync>) => {
      calls.derivations += 1;
      return real.pbkdf2Sync(...args);
    },
    scryptSync: (...args: Parameters<typeof real.scryptSync>) => {
      calls.derivations += 1;
      return real.scryptSync(...args);
    },
    hash: (...args: Parameters<typeof real.hash>) => {
      calls.hashes += 1;
      return real.hash(...args);
    },
    createPrivateKey: (...args: Parameters<typeof real.createPrivateKey>) => {
      calls.openedKeys += 1;
      return real.createPrivateKey(...args);
    },
  };
});

const passphrase = 'a passphrase';
let version: IssuedCertificate;

beforeAll(async () => {
  version = await aVersion();
});

afterEach(() => {
  Object.assign(calls, { derivations: 0, hashes: 0, openedKeys: 0 });
});

/** The refusal, and how often the bundle derived or opened a key before. */
function refusedAtOnce(input: BundleInput): CertferryError {
  Object.assign(calls, { derivations: 0, hashes: 0, openedKeys: 0 });
  const error = refusal(() => read(input));
  expect(calls).toEqual({ derivations: 0, hashes: 0, openedKeys: 0 });
  return error;
}

/** OpenSSL writes this number in three bytes, so that other numbers of three bytes can replace it. */
const written = ['-iter', '70000'];
const writtenInteger = Buffer.from([2, 3, 0x01, 0x11, 0x70]);

/** The file with other numbers of iterations (65,536 to 8,388,607), in the order of the file; the last one repeats. */
function withIterations(file: Buffer, ...iterations: number[]): Buffer {
  const changed = Buffer.from(file);
  let last = 0;
  for (let at = changed.indexOf(writtenInteger); at !== -1; at = changed.indexOf(writtenInteger, at + 1)) {
    last = iterations.shift() ?? last;
    changed.writeUIntBE(last, at + 2, 3);
  }
  return changed;
}

/** Runs both commands of the refusal. */
function exportedAgain(file: Buffer, secret: string): Buffer {
  const pem = openssl(['pkcs12', '-passin', 'env:SECRET', '-passout', 'env:SECRET'], file, secret).toString();
  expect(pem).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  const [folder, out] = [mkdtempSync(join(tmpdir(), 'certferry-test-')), 'certificates.pem'];
  writeFileSync(join(folder, out), pem);
  const args = ['-export', '-iter', '2048', '-in', join(folder, out)];
  try {
    return openssl(['pkcs12', ...args, '-passin', 'env:SECRET', '-passout', 'env:SECRET'], '', secret);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the budget of a bundle', () => {
  test.each<[string, string[], number]>([
    // certificates and key: one block of HMAC-SHA-256 each; integrity check: one
    ['OpenSSL 3', [], 3],
    // certificates (RC2): one block of SHA-1 for the key and one for the vector; key (3DES): two and one; check: one
    ['OpenSSL 1 and Windows', ['-legacy'], 6],
    ['OpenSSL with a SHA-512 integrity check', ['-macalg', 'sha512'], 3],
    // AES-256 with HMAC-SHA-1: two blocks each
    ['a program that uses PBKDF2 with HMAC-SHA-1', ['-certpbe', 'AES-256-CBC', '-keypbe', 'NONE'], 2],
  ])(
    'A file of %s is refused before any derivation if all its parts together exceed the budget',
    (_, args, blocks) => {
      const file = asPkcs12(version.certPem + version.keyPem, passphrase, [...written, ...args]);
      const each = Math.ceil(5_000_001 / blocks);

      const error = refusedAtOnce({ pkcs12: withIterations(file, each), passphrase });

      expect(error).toMatchObject({ name: 'BundleUnreadable', details: { iterations: each * blocks } });
      expect(error.message).toBe(
        `The field "pkcs12" derives its keys in ${each * blocks} iterations; at most 5000000 are allowed for a bundle. Export it again with fewer: "openssl pkcs12 -in FILE -out PEM", then "openssl pkcs12 -export -iter 2048 -in PEM -out NEW".`,
      );
    },
  );

  test.each([
    // one block of HMAC-SHA-256 for each 32 bytes of the key
    { iterations: 5_000_001, keyBytes: 32, counted: 5_000_001 },
    { iterations: 2_500_001, keyBytes: 64, counted: 5_000_002 },
    { iterations: 1000, keyBytes: 200_000, counted: 6_250_000 },
  ])(
    'PBMAC1 with $iterations iterations for a key of $keyBytes bytes is refused before any derivation',
    ({ counted, ...parameters }) => {
      const clear = ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'];
      const file = asPkcs12(version.certPem + version.keyPem, passphrase, clear);

      expect(refusedAtOnce({ pkcs12: withPbmac1(file, passphrase, parameters), passphrase })).toMatchObject({
        name: 'BundleUnreadable',
        details: { field: 'pkcs12', iterations: counted },
      });
    },
  );

  test('The command in the refusal exports the same content with fewer iterations', () => {
    const file = asPkcs12(version.fullchainPem + version.keyPem, passphrase, written);

    const again = exportedAgain(file, passphrase);

    expect(again.includes(writtenInteger)).toBe(false);
    expect(read({ pkcs12: again, passphrase }).bundle).toEqual(read({ pkcs12: file, passphrase }).bundle);
  });

  test('Encrypted keys of one bundle share a budget', () => {
    const pem = asEncryptedPkcs8(version.keyPem, passphrase, written);
    const key = armour('ENCRYPTED PRIVATE KEY', withIterations(derOf(pem), 2_500_001));

    const error = refusedAtOnce({ certificate: version.fullchainPem, key: key.repeat(2), passphrase });

    expect(error).toMatchObject({
      name: 'BundleUnreadable',
      details: { field: 'key', iterations: 5_000_002 },
    });
    expect(error.message).toContain('"openssl pkcs8 -topk8 -iter 2048 -in FILE -out NEW"');
  });

  test('A PKCS#12 file and an encrypted key beside it share a budget', () => {
    const file = asPkcs12(version.certPem + version.keyPem, passphrase, [...written, '-keypbe', 'NONE']);
    const pem = asEncryptedPkcs8(version.keyPem, passphrase, written);
    const key = armour('ENCRYPTED PRIVATE KEY', withIterations(derOf(pem), 4_900_000));

    expect(refusal(() => read({ pkcs12: file, key, passphrase }))).toMatchObject({
      name: 'BundleUnreadable',
      details: { field: 'key', iterations: 5_040_000 },
    });
  });

  test('The parameters of scrypt count with their product', () => {
    const key = asEncryptedPkcs8(version.keyPem, passphrase, ['-scrypt']);
    const der = derOf(key);
    const parameters = der.indexOf(Buffer.from('020240000201080201', 'hex')); // N 16,384, r 8, p
    expect(parameters).toBeGreaterThan(0);
    der[parameters + 9] = 39;

    expect(
      refusedAtOnce({
        certificate: version.fullchainPem,
        key: armour('ENCRYPTED PRIVATE KEY', der),
        passphrase,
      }),
    ).toMatchObject({ name: 'BundleUnreadable', details: { iterations: 16_384 * 8 * 39 } });
  });

  test('Parameters of scrypt that need more than 32 MiB are refused', () => {
    const der = derOf(asEncryptedPkcs8(version.keyPem, passphrase, ['-scrypt']));
    der[der.indexOf(Buffer.from('02024000020108', 'hex')) + 6] = 0x7f; // r

    const error = refusedAtOnce({
      certificate: version.fullchainPem,
      key: armour('ENCRYPTED PRIVATE KEY', der),
      passphrase,
    });

    expect(error.message).toContain('more than 32 MiB of memory');
  });

  test('Any sequence of derivations is allowed exactly up to 5,000,000 iterations', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2_000_000 }), { maxLength: 10 }), (sequence) => {
        const budget = openBudget();
        let total = 0;
        for (const iterations of sequence) {
          total += iterations;
          const spend = () => budget.spend(originOf('pkcs12'), iterations);
          if (total > 5_000_000) expect(spend).toThrow(CertferryError);
          else expect(spend).not.toThrow();
        }
      }),
    );
  });
});

describe('other work for a bundle', () => {
  test.each<[string, Buffer]>([
    ['DSA', Buffer.from('06072a8648ce380401', 'hex')],
    ['DH', Buffer.from('06092a864886f70d010301', 'hex')],
    ['DH', Buffer.from('06072a8648ce3e0201', 'hex')],
    ['of the algorithm 1.2.3', Buffer.from('06022a03', 'hex')],
  ])('A key that is %s is refused before OpenSSL computes its public key', (kind, oid) => {
    const der = slowKey(oid, 4000);

    const error = refusedAtOnce({ certificate: version.fullchainPem, key: armour('PRIVATE KEY', der) });

    expect(error).toMatchObject({ name: 'KeyTypeUnsupported', details: { key: kind } });
    expect(error.message).toContain(`The private key (field "key") is ${kind}. Use RSA`);
  });

  test.each(['DSA PRIVATE KEY', 'ANY PRIVATE KEY', 'DH PRIVATE KEY'])('A block %s is refused', (label) => {
    const der = slowKey(Buffer.from('06072a8648ce380401', 'hex'), 4000);

    expect(refusedAtOnce({ certificate: version.fullchainPem, key: armour(label, der) }).name).toBe(
      'KeyTypeUnsupported',
    );
  });

  test('A key with headers of an old encryption is not decrypted as PKCS#8', () => {
    const key = `-----BEGIN PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,${'00'.repeat(16)}

${Buffer.alloc(64).toString('base64')}
-----END PRIVATE KEY-----
`;

    expect(refusedAtOnce({ certificate: version.fullchainPem, key, passphrase }).name).toBe(
      'BundleUnreadable',
    );
  });

  test('More than 10 private keys are refused before the first is opened', () => {
    expect(
      refusedAtOnce({ certificate: version.fullchainPem, key: version.keyPem.repeat(11) }),
    ).toMatchObject({ name: 'SeveralPrivateKeys', details: { keys: 11 } });
  });

  test('A PKCS#12 file of values that are nested thousands of levels deep is refused as unreadable', () => {
    const pkcs12 = Buffer.alloc(60_000, Buffer.from([0x30, 0x80]));

    expect(refusedAtOnce({ pkcs12, passphrase }).name).toBe('BundleUnreadable');
  });
});

/** PrivateKeyInfo with numbers of so many bytes: OpenSSL computes a power of one modulo the other. */
function slowKey(oid: Buffer, size: number): Buffer {
  const number = value(2, Buffer.alloc(size, 0x7f));
  const parameters = value(0x30, number, number, value(2, Buffer.from([3])));
  return value(0x30, value(2, Buffer.from([0])), value(0x30, oid, parameters), value(4, number));
}

function value(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  return Buffer.concat([
    Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]),
    content,
  ]);
}
