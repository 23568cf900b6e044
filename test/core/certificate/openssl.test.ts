import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../fixtures/certificates.ts';
import { asPkcs12, blocksOf, openssl } from '../../fixtures/forms.ts';
import { read } from './refusal.ts';

describe('a bundle compared with openssl', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test.each(['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] as const)(
    'openssl agrees on the chain, the fingerprint, the dates and the key (%s)',
    async (keyType) => {
      const authority = await createAuthority({ name: 'Agreed', keyType, intermediate: true });
      const version = await authority.issue({ names: ['www.example.test'], keyType });
      const pkcs12 = asPkcs12(version.fullchainPem + authority.rootPem + version.keyPem, 'secret');

      const { bundle, facts, subject } = read({ pkcs12, passphrase: 'secret' });

      const [root, chain] = [join(folder, `${keyType}-root.pem`), join(folder, `${keyType}-chain.pem`)];
      writeFileSync(root, authority.rootPem);
      writeFileSync(chain, bundle.chain.join(''));
      const says = (args: string[], input: string) => openssl(args, input).toString().trim();

      expect(says(['verify', '-x509_strict', '-CAfile', root, '-untrusted', chain], bundle.leaf)).toBe(
        'stdin: OK',
      );
      const print = says(['x509', '-noout', '-fingerprint', '-sha256'], bundle.leaf);
      expect(print.replaceAll(':', '').toLowerCase()).toBe(
        `sha256 fingerprint=${facts.fingerprint.slice(7)}`,
      );
      const end = says(['x509', '-noout', '-enddate'], bundle.leaf).replace('notAfter=', '');
      expect(facts.notAfter).toBe(Date.parse(end) / 1000);
      expect(says(['x509', '-noout', '-serial'], bundle.leaf)).toBe(`serial=${subject.serial}`);
      expect(says(['pkey', '-pubout'], bundle.key)).toBe(says(['x509', '-noout', '-pubkey'], bundle.leaf));
      expect(blocksOf(bundle.key)).toEqual([bundle.key]);
    },
  );
});
