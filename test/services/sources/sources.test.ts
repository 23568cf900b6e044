import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sources } from '../../../services/sources/sources.ts';
import { refusal, type ScriptedService } from '../../fakes/scripted-service.ts';
import { type SourcesWorld, startSources } from '../../fakes/source-servers.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { fingerprint, source } from '../../fixtures/factories.ts';
import { asPkcs12 } from '../../fixtures/forms.ts';

let world: SourcesWorld;
let secrets: ScriptedService;
let sources: Sources;
beforeEach(async () => {
  world = await startSources();
  ({ secrets, sources } = world);
});
afterEach(() => world.close());

const now = new Date();

async function aSecret(overrides: Record<string, unknown> = {}) {
  const version = await aVersion();
  const { certPem: certificate, chainPem: chain, keyPem: privateKey } = version;
  secrets.answers.push({ SecretString: JSON.stringify({ certificate, chain, privateKey, ...overrides }) });
  return version;
}

describe('a version in Secrets Manager', () => {
  test('A version in Secrets Manager is read by the version id that the request pinned', async () => {
    const version = await aSecret();

    const bundle = await sources.fetch({ fingerprint: version.fingerprint, source }, now);

    expect(secrets.requests).toEqual([{ SecretId: 'certferry/api', VersionId: 'v-1' }]);
    expect(bundle.leaf.trim()).toBe(version.certPem.trim());
    expect(bundle.chain).toHaveLength(1);
  });

  test('A version in Secrets Manager may be kept as bytes', async () => {
    const { certPem: certificate, keyPem: privateKey, fingerprint: leaf } = await aVersion();
    const text = JSON.stringify({ certificate, privateKey });
    secrets.answers.push({ SecretBinary: Buffer.from(text).toString('base64') });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).resolves.toMatchObject({ chain: [] });
  });

  test('A version in Secrets Manager is refused when it is not the version that was requested, naming both', async () => {
    const { fingerprint: found } = await aSecret();
    const wanted = fingerprint('another');

    await expect(sources.fetch({ fingerprint: wanted, source }, now)).rejects.toMatchObject({
      name: 'SourceMismatch',
      message: expect.stringMatching(new RegExp(`${found}.*${wanted}`)),
    });
  });

  test('A version in Secrets Manager is refused by the rules for bundles', async () => {
    const { keyPem: privateKey } = await aVersion();
    const { fingerprint: leaf } = await aSecret({ privateKey });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).rejects.toMatchObject({
      name: 'KeyMismatch',
    });
  });

  test('A version in Secrets Manager is refused in the words of the secret: which one, and its own name of the field', async () => {
    const { fingerprint: leaf } = await aSecret({ privateKey: 'not PEM' });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).rejects.toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringMatching(
        /^secret certferry\/api \(version v-1\): The field "privateKey" holds no certificate and no key/,
      ),
      details: { field: 'privateKey', secretId: 'certferry/api' },
    });
  });

  test('A version in Secrets Manager is refused with two keys, naming its own field', async () => {
    const [one, other] = [await aVersion(), await aVersion()];
    const { fingerprint: leaf } = await aSecret({ privateKey: one.keyPem + other.keyPem });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).rejects.toMatchObject({
      name: 'SeveralPrivateKeys',
      message: expect.stringContaining('(in field "privateKey")'),
      details: { fields: ['privateKey'] },
    });
  });

  test('A version in Secrets Manager is read from a PKCS#12 file', async () => {
    const version = await aVersion();
    const pkcs12 = asPkcs12(version.certPem + version.keyPem, 'a passphrase');
    secrets.answers.push({
      SecretString: JSON.stringify({ pkcs12: pkcs12.toString('base64'), passphrase: 'a passphrase' }),
    });

    const bundle = await sources.fetch({ fingerprint: version.fingerprint, source }, now);

    expect(bundle.leaf.trim()).toBe(version.certPem.trim());
  });

  test('A version in Secrets Manager may hold base64 on many lines, and null for what there is not', async () => {
    const version = await aVersion();
    const pkcs12 = asPkcs12(version.certPem + version.keyPem, '').toString('base64');
    const { certPem: certificate, keyPem: privateKey } = version;
    secrets.answers.push(
      { SecretString: JSON.stringify({ pkcs12: pkcs12.replaceAll(/.{76}/g, '$&\n'), passphrase: null }) },
      { SecretString: JSON.stringify({ certificate, chain: null, privateKey, passphrase: null }) },
    );

    const found = [
      await sources.latest({ kind: 'secretsmanager', secretId: 'lines' }, now),
      await sources.latest({ kind: 'secretsmanager', secretId: 'nulls' }, now),
    ];

    expect(found.map(({ fingerprint: leaf }) => leaf)).toEqual(Array(2).fill(version.fingerprint));
  });

  test('A version in Secrets Manager may be plain PEM, leaf, chain and key in one text', async () => {
    const { certPem, chainPem, keyPem, fingerprint: leaf } = await aVersion();
    secrets.answers.push({ SecretString: keyPem + certPem + chainPem });

    const bundle = await sources.fetch({ fingerprint: leaf, source }, now);

    expect(bundle.chain).toHaveLength(1);
  });

  test('A version in Secrets Manager may be a PKCS#12 file in bytes', async () => {
    const { certPem, keyPem, fingerprint: leaf } = await aVersion();
    secrets.answers.push({ SecretBinary: asPkcs12(certPem + keyPem, '').toString('base64') });

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).resolves.toMatchObject({ chain: [] });
  });

  test.each(['secret: ABCDEF', '{"certificate":"ABCDEF"}', '{"certificate":"ABCDEF"', '["ABCDEF"]', ''])(
    'A version in Secrets Manager is refused without quoting it when it has another form (%s)',
    async (SecretString) => {
      secrets.answers.push({ SecretString });

      const refused = sources.fetch({ fingerprint: fingerprint('new'), source }, now);

      await expect(refused).rejects.toMatchObject({
        name: 'BundleUnreadable',
        message: expect.not.stringContaining('ABC'),
      });
    },
  );

  test.each(['ResourceNotFoundException', 'DecryptionFailure', 'AccessDeniedException'])(
    'A version in Secrets Manager is unavailable, and the error names what to check, after %s',
    async (name) => {
      secrets.answers.push(refusal(name));

      await expect(sources.fetch({ fingerprint: fingerprint('new'), source }, now)).rejects.toMatchObject({
        name: 'SourceUnavailable',
        retry: 'later',
        message: expect.stringContaining(name),
      });
    },
  );

  test('A version in Secrets Manager is asked for again while the service is throttled, and keeps that name in the end, which the graph retries', async () => {
    secrets.answers.push(refusal('ThrottlingException'));

    const refused = sources.fetch({ fingerprint: fingerprint('new'), source }, now);

    await expect(refused).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(world.waits).toEqual([500, 1000, 2000, 4000, 5500]);
  });

  test('A version in Secrets Manager is had after a moment of throttling', async () => {
    secrets.answers.push(refusal('ThrottlingException'));
    const { fingerprint: leaf } = await aSecret();

    await expect(sources.fetch({ fingerprint: leaf, source }, now)).resolves.toHaveProperty('leaf');
    expect(world.waits).toEqual([500]);
  });
});

describe('the versions a secret has', () => {
  const place = { kind: 'secretsmanager', secretId: 'certferry/api' } as const;

  test('The latest is AWSCURRENT, pinned by the id that was answered', async () => {
    const { fingerprint: leaf, notAfter } = await aSecretAnswering({ VersionId: 'v-2' });

    await expect(sources.latest(place, now)).resolves.toEqual({
      fingerprint: leaf,
      source: { ...place, versionId: 'v-2' },
      notAfter,
    });
    expect(secrets.requests).toEqual([{ SecretId: 'certferry/api', VersionStage: 'AWSCURRENT' }]);
  });

  test('One that is known by its id alone has the leaf that is in it', async () => {
    const { fingerprint: leaf } = await aSecret();

    await expect(sources.identify(source, now)).resolves.toMatchObject({ fingerprint: leaf, source });

    await sources.fetch({ fingerprint: leaf, source }, now);
    expect(secrets.requests).toEqual([{ SecretId: 'certferry/api', VersionId: 'v-1' }]);
  });

  test('The one before is AWSPREVIOUS', async () => {
    const { fingerprint: leaf } = await aSecretAnswering({ VersionId: 'v-1' });

    await expect(sources.previous(place, now)).resolves.toMatchObject({
      fingerprint: leaf,
      source: { versionId: 'v-1' },
    });
    expect(secrets.requests).toEqual([{ SecretId: 'certferry/api', VersionStage: 'AWSPREVIOUS' }]);
  });

  test('There is none before the first', async () => {
    secrets.answers.push(refusal('ResourceNotFoundException'));

    await expect(sources.previous(place, now)).resolves.toBeNull();
  });

  test('A throttled look is left to the rollout, which comes back for hours', async () => {
    secrets.answers.push(refusal('ThrottlingException'));

    await expect(sources.latest(place, now)).rejects.toMatchObject({ name: 'SourceUnavailable' });
    expect(world.waits).toEqual([]);
  });
});

describe('a bundle that was fetched lately', () => {
  const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

  test('A bundle that was fetched lately is taken from memory for five minutes', async () => {
    const { fingerprint: leaf } = await aSecret();
    const wanted = { fingerprint: leaf, source };

    const first = await sources.fetch(wanted, now);

    await expect(sources.fetch(wanted, later(299))).resolves.toBe(first);
    await expect(sources.fetch(wanted, later(300))).resolves.toEqual(first);
    expect(secrets.requests).toHaveLength(2);
  });

  test('A recently fetched bundle is reused when its version has just been confirmed as the latest', async () => {
    const { fingerprint: leaf } = await aSecretAnswering({ VersionId: 'v-1' });
    const { kind, secretId } = source;

    const latest = await sources.latest({ kind, secretId }, now);
    await sources.fetch(latest, now);

    expect(latest).toMatchObject({ fingerprint: leaf, source });
    expect(secrets.requests).toHaveLength(1);
  });

  test('A bundle that was fetched lately is not given for another version of the same source', async () => {
    const { fingerprint: leaf } = await aSecret();
    await sources.fetch({ fingerprint: leaf, source }, now);

    const other = sources.fetch({ fingerprint: fingerprint('another'), source }, now);

    await expect(other).rejects.toMatchObject({ name: 'SourceMismatch' });
  });

  test('A bundle that was fetched lately makes room for others: four are kept', async () => {
    const { fingerprint: leaf } = await aSecret();
    const versions = [1, 2, 3, 4, 5].map((each) => ({
      fingerprint: leaf,
      source: { ...source, versionId: `v-${each}` },
    }));

    for (const version of versions) await sources.fetch(version, now);
    for (const version of versions.toReversed()) await sources.fetch(version, now);

    expect(secrets.requests.map(({ VersionId }) => VersionId)).toEqual([
      'v-1',
      'v-2',
      'v-3',
      'v-4',
      'v-5',
      'v-1',
    ]);
  });
});

async function aSecretAnswering(fields: Record<string, unknown>) {
  const version = await aVersion();
  secrets.answers.push({ SecretString: version.certPem + version.keyPem, ...fields });
  const notAfter = Date.parse(new X509Certificate(version.certPem).validTo) / 1000;
  return { ...version, notAfter };
}
