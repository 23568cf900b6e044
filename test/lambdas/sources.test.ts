import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSources, type Sources } from '../../lambdas/services/sources.ts';
import { aVersion } from '../factories/certificates.ts';
import { asPkcs12 } from '../factories/forms.ts';
import { fingerprint, source } from './support/factories.ts';
import { clientFor, refusal, type ScriptedService, scriptedService } from './support/service.ts';

let secrets: ScriptedService;
let sources: Sources;
beforeEach(async () => {
  secrets = await scriptedService({ version: '1.1', target: 'secretsmanager' }, ['GetSecretValue']);
  sources = createSources(new SecretsManagerClient(clientFor(secrets)));
});
afterEach(() => secrets.close());

const now = new Date();

async function aSecret(overrides: Record<string, unknown> = {}) {
  const version = await aVersion();
  const { certPem: certificate, chainPem: chain, keyPem: privateKey } = version;
  secrets.answers.push({ SecretString: JSON.stringify({ certificate, chain, privateKey, ...overrides }) });
  return version;
}

describe('a version in Secrets Manager', () => {
  test('is read by the version id that the request pinned', async () => {
    const version = await aSecret();

    const bundle = await sources.fetch({ fingerprint: version.fingerprint, source }, now);

    expect(secrets.requests).toEqual([{ SecretId: 'certferry/api', VersionId: 'v-1' }]);
    expect(bundle.leaf.trim()).toBe(version.certPem.trim());
    expect(bundle.chain).toHaveLength(1);
  });

  test('may be kept as bytes', async () => {
    const { certPem: certificate, keyPem: privateKey, fingerprint: leaf } = await aVersion();
    const text = JSON.stringify({ certificate, privateKey });
    secrets.answers.push({ SecretBinary: Buffer.from(text).toString('base64') });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).resolves.toMatchObject({ chain: [] });
  });

  test('is refused when it is not the version that was requested, naming both', async () => {
    const { fingerprint: found } = await aSecret();
    const wanted = fingerprint('another');

    await expect(sources.fetch({ fingerprint: wanted, source }, now)).rejects.toMatchObject({
      name: 'SourceMismatch',
      message: expect.stringMatching(new RegExp(`${found}.*${wanted}`)),
    });
  });

  test('is refused by the rules for bundles', async () => {
    const { keyPem: privateKey } = await aVersion();
    const { fingerprint: leaf } = await aSecret({ privateKey });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).rejects.toMatchObject({
      name: 'KeyMismatch',
    });
  });

  test('is refused in the words of the secret: which one, and its own name of the field', async () => {
    const { fingerprint: leaf } = await aSecret({ privateKey: 'not PEM' });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).rejects.toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringMatching(
        /^secret certferry\/api \(version v-1\): The field "privateKey" holds no/,
      ),
      details: { field: 'privateKey', secretId: 'certferry/api' },
    });
  });

  test('is refused with two keys, naming its own field', async () => {
    const [one, other] = [await aVersion(), await aVersion()];
    const { fingerprint: leaf } = await aSecret({ privateKey: one.keyPem + other.keyPem });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).rejects.toMatchObject({
      name: 'SeveralPrivateKeys',
      message: expect.stringContaining('(in "privateKey")'),
      details: { fields: ['privateKey'] },
    });
  });

  test('is read from a PKCS#12 file', async () => {
    const version = await aVersion();
    const pkcs12 = asPkcs12(version.certPem + version.keyPem, 'a passphrase');
    secrets.answers.push({
      SecretString: JSON.stringify({ pkcs12: pkcs12.toString('base64'), passphrase: 'a passphrase' }),
    });

    const bundle = await sources.fetch({ fingerprint: version.fingerprint, source }, now);

    expect(bundle.leaf.trim()).toBe(version.certPem.trim());
  });

  test.each(['not json: -----BEGIN PRIVATE KEY-----abc', '{"certificate":"c"}', '[]'])(
    'is refused without a word of it when it has another form (%s)',
    async (SecretString) => {
      secrets.answers.push({ SecretString });

      const refused = sources.fetch({ fingerprint: fingerprint('new'), source }, now);

      await expect(refused).rejects.toMatchObject({
        name: 'BundleUnreadable',
        message: expect.not.stringContaining('BEGIN'),
      });
    },
  );

  test.each(['ResourceNotFoundException', 'DecryptionFailure', 'AccessDeniedException'])(
    'is unavailable, and the error says what to check, after %s',
    async (name) => {
      secrets.answers.push(refusal(name));

      await expect(sources.fetch({ fingerprint: fingerprint('new'), source }, now)).rejects.toMatchObject({
        name: 'SourceUnavailable',
        retry: 'later',
        message: expect.stringContaining(name),
      });
    },
  );

  test('keeps the name of a throttled call, which the state machine retries', async () => {
    secrets.answers.push(refusal('ThrottlingException'));

    await expect(sources.fetch({ fingerprint: fingerprint('new'), source }, now)).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
  });
});
