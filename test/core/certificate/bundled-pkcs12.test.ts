import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import type { readBundle } from '../../../core/certificate/read-bundle.ts';
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
  });
  const code = String(outputFiles[0]?.text);
  expect(code).not.toContain('generateKeyPair');
  const module = { exports: {} as { readBundle: typeof readBundle } };
  new Function('module', 'exports', 'require', code)(module, module.exports, process.getBuiltinModule);
  return module.exports.readBundle;
}

describe('PKCS#12 in a bundled function', () => {
  test.each([
    ['AES and PBKDF2', []],
    ['OpenSSL 1 and Windows (RC2-40 and 3DES, SHA-1)', ['-legacy']],
    ['SHA-512 and an RSA key', ['-macalg', 'sha512'], 'rsa2048'],
  ] as const)(
    'A bundled function reads PKCS#12 without the parts of node-forge that create keys: %s',
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
