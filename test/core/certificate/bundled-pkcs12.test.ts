import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import type { readBundle } from '../../../core/certificate/read-bundle.ts';
import { forgeForReading } from '../../../scripts/forge-for-reading.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { asPkcs12 } from '../../fixtures/forms.ts';

/** `readBundle` as it is in a Lambda. */
async function bundled(): Promise<typeof readBundle> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../../core/certificate/read-bundle.ts')],
    bundle: true,
    write: false,
    minify: true,
    format: 'cjs',
    platform: 'node',
    plugins: [forgeForReading],
  });
  const code = String(outputFiles[0]?.text);
  expect(code).not.toContain('generateKeyPair');
  const module = { exports: {} as { readBundle: typeof readBundle } };
  new Function('module', 'exports', 'require', code)(module, module.exports, process.getBuiltinModule);
  return module.exports.readBundle;
}

describe('PKCS#12 in a Lambda, without the half of node-forge that makes keys', () => {
  test.each([
    ['AES and PBKDF2', []],
    ['OpenSSL 1 and Windows (RC2-40 and 3DES, SHA-1)', ['-legacy']],
    ['SHA-512 and an RSA key', ['-macalg', 'sha512'], 'rsa2048'],
  ] as const)(
    'PKCS#12 in a Lambda, without the half of node-forge that makes keys is read: %s',
    async (_, args, keyType?: 'rsa2048') => {
      const version = await aVersion(keyType === undefined ? {} : { keyType });
      const pkcs12 = asPkcs12(version.fullchainPem + version.keyPem, 'a passphrase', args);
      const read = await bundled();

      const { bundle } = read({ pkcs12, passphrase: 'a passphrase' }, new Date());

      expect(bundle.key).toBe(version.keyPem);
      expect(bundle.chain).toHaveLength(1);
    },
  );
});
