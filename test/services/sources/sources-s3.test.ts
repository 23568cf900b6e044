import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SourcesWorld, startSources } from '../../fakes/source-servers.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { fingerprint } from '../../fixtures/factories.ts';
import { asPkcs12, asUtf16 } from '../../fixtures/forms.ts';

let world: SourcesWorld;
beforeEach(async () => {
  world = await startSources();
});
afterEach(() => world.close());

const now = new Date();
const place = { kind: 's3', bucket: 'certificates', key: 'live/api.example.com.pem' } as const;
const pinned = (versionId: string) => ({ ...place, versionId });

/** A fresh version in the bucket, in the form that `form` gives it. */
async function stored(
  versionId: string | null,
  form = ({ certPem, chainPem, keyPem }: Pems): string | Buffer => keyPem + certPem + chainPem,
) {
  const version = await aVersion();
  world.objects.put(place.key, form(version), versionId);
  return version;
}
type Pems = { certPem: string; chainPem: string; keyPem: string };

describe('a version in S3', () => {
  test('A version in S3 is read by the version id that the request pinned, whatever came after it', async () => {
    const first = await stored('1');
    await stored('2');

    const bundle = await world.sources.fetch({ fingerprint: first.fingerprint, source: pinned('1') }, now);

    expect(bundle.leaf.trim()).toBe(first.certPem.trim());
    expect(world.objects.requests).toEqual([
      'GET /certificates/live/api.example.com.pem?versionId=1&x-id=GetObject',
    ]);
  });

  test.each<[string, (version: Pems) => string | Buffer]>([
    ['PKCS#12', ({ certPem, chainPem, keyPem }) => asPkcs12(keyPem + certPem + chainPem, '')],
    [
      'JSON',
      ({ certPem: certificate, chainPem: chain, keyPem: privateKey }) =>
        JSON.stringify({ certificate, chain, privateKey }),
    ],
    [
      'JSON with a PKCS#12 file and its passphrase',
      ({ certPem, chainPem, keyPem }) =>
        JSON.stringify({
          pkcs12: asPkcs12(keyPem + certPem + chainPem, 'secret').toString('base64'),
          passphrase: 'secret',
        }),
    ],
    ['PEM in UTF-16', ({ certPem, chainPem, keyPem }) => asUtf16(keyPem + certPem + chainPem)],
  ])('A version in S3 may be %s, recognised by its content', async (_, form) => {
    const { fingerprint: leaf } = await stored('1', form);

    const bundle = await world.sources.fetch({ fingerprint: leaf, source: pinned('1') }, now);

    expect(bundle.chain).toHaveLength(1);
  });

  test('A version in S3 in a PKCS#12 file with a passphrase is refused: only JSON can carry one', async () => {
    await stored('1', ({ certPem, keyPem }) => asPkcs12(keyPem + certPem, 'secret'));

    await expect(world.sources.latest(place, now)).rejects.toMatchObject({
      name: 'WrongPassphrase',
      message: expect.stringMatching(
        /^object s3:\/\/certificates\/live\/api\.example\.com\.pem \(version 1\): /,
      ),
      details: { field: 'pkcs12', bucket: 'certificates', passphraseGiven: false },
    });
  });

  test('A version in S3 that is something else is refused without quoting it', async () => {
    await stored('1', () => 'ABCDEF');

    await expect(world.sources.latest(place, now)).rejects.toMatchObject({
      name: 'BundleUnreadable',
      message: expect.not.stringContaining('ABC'),
    });
  });

  test('A version in S3 that is too large is refused before it is read', async () => {
    await stored('1', () => Buffer.alloc(128 * 1024 + 1));

    await expect(world.sources.latest(place, now)).rejects.toMatchObject({
      name: 'BundleTooLarge',
      details: { bytes: 131_073 },
    });
  });

  test('A version in S3 that is gone is unavailable', async () => {
    await stored('1');

    const gone = world.sources.fetch({ fingerprint: fingerprint('x'), source: pinned('0') }, now);

    await expect(gone).rejects.toMatchObject({
      name: 'SourceUnavailable',
      message: expect.stringContaining('NoSuchVersion'),
    });
  });
});

describe('the versions an object has', () => {
  test('The latest is pinned by the id that was answered', async () => {
    await stored('1');
    const { fingerprint: leaf } = await stored('2');

    await expect(world.sources.latest(place, now)).resolves.toMatchObject({
      fingerprint: leaf,
      source: pinned('2'),
    });
  });

  test('The one before is that of this key, not of one that begins alike', async () => {
    const before = await stored('1');
    await stored('2');
    world.objects.put(`${place.key}.old`, 'x', '9');

    await expect(world.sources.previous(place, now)).resolves.toMatchObject({
      fingerprint: before.fingerprint,
      source: pinned('1'),
    });
  });

  test.each(['null', undefined])('There is none before the first that has an id (%s)', async (before) => {
    if (before !== undefined) await stored(before);
    await stored('1');

    await expect(world.sources.previous(place, now)).resolves.toBeNull();
  });

  test.each([null, 'null'])(
    'There are none in a bucket without versioning (%s), which is refused',
    async (id) => {
      await stored(id);

      await expect(world.sources.latest(place, now)).rejects.toMatchObject({
        name: 'SourceUnfit',
        message: expect.stringContaining('versioning is not enabled'),
      });
    },
  );
});
