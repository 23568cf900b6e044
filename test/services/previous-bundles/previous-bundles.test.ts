import { describe, expect, test } from 'vitest';
import type { Source } from '../../../core/deployment/source.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import {
  bundlesOf,
  createPreviousBundles,
  needsKeptCopy,
  type PreviousServices,
} from '../../../services/previous-bundles/previous-bundles.ts';
import type { Sources } from '../../../services/sources/sources.ts';

const of = { targetId: 'www-alb', certificate: 'www.example.test' };
const wanted = `sha256:${'ab'.repeat(32)}`;
const other = `sha256:${'cd'.repeat(32)}`;
const secret: Source = { kind: 'secretsmanager', secretId: 'www', versionId: 'v-1' };
const exported: Source = { kind: 'acm', certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/a' };

const bundleFrom = (place: string): Bundle => ({ leaf: place, chain: [], key: `key of ${place}` });

/** Nothing is recorded, no source has a previous version, and no copy is kept, unless the test states it. */
function search(
  places: Partial<Omit<PreviousServices, 'sources'>> & { readonly sources?: Partial<Sources> } = {},
) {
  const { sources, ...others } = places;
  return createPreviousBundles(
    {
      recordedSource: async () => null,
      certificateSource: async () => ({ kind: 'secretsmanager', secretId: 'www' }),
      kept: { find: async () => null },
      ...others,
      sources: {
        fetch: async () => ({ ...bundleFrom('source'), warnings: ['a warning'] }),
        previous: async () => null,
        latest: async () => ({ fingerprint: other, source: secret, notAfter: 0 }),
        ...sources,
      },
    },
    of,
    new Date(),
  );
}

function unavailable(causeName: string): CertferryError {
  const cause = Object.assign(new Error('no'), { name: causeName });
  return new CertferryError('SourceUnavailable', 'secret www could not be read', { cause });
}

describe('the bundle of an earlier version', () => {
  test('The recorded source of the version is read first, without the warnings about the bundle', async () => {
    const previous = search({
      recordedSource: async () => secret,
      kept: { find: async () => bundleFrom('copy') },
    });

    expect(await previous.find(wanted)).toEqual(bundleFrom('source'));
  });

  test('The previous version of the source is read if it is the wanted one', async () => {
    const versionBefore = (fingerprint: string) => ({
      sources: { previous: async () => ({ fingerprint, source: secret, notAfter: 0 }) },
    });

    expect(await search(versionBefore(wanted)).find(wanted)).toEqual(bundleFrom('source'));
    expect(await search(versionBefore(other)).find(wanted)).toBeNull();
  });

  test('The current version of the source is read if it is the wanted one, so that a rollback can be reversed', async () => {
    const latest = async () => ({ fingerprint: wanted, source: secret, notAfter: 0 });

    expect(await search({ sources: { latest } }).find(wanted)).toEqual(bundleFrom('source'));
  });

  test('The previous version of the source is reported by its fingerprint, and one that was deleted is not', async () => {
    const previousIs = (previous: Sources['previous']) => search({ sources: { previous } });
    const deleted = unavailable('NoSuchVersion');

    const found = previousIs(async () => ({ fingerprint: other, source: secret, notAfter: 0 }));
    expect(await found.previousInSource()).toBe(other);
    expect(await search().previousInSource()).toBeNull();
    expect(await previousIs(() => Promise.reject(deleted)).previousInSource()).toBeNull();
    expect(await search({ certificateSource: async () => null }).previousInSource()).toBeNull();
  });

  test('A previous version of the source that cannot be read now is an error', async () => {
    const previous = () => Promise.reject(unavailable('InternalServiceError'));

    await expect(search({ sources: { previous } }).previousInSource()).rejects.toMatchObject({
      name: 'SourceUnavailable',
    });
  });

  test('The kept copy is read if the source returns another version by now', async () => {
    const mismatch = new CertferryError('SourceMismatch', 'ACM certificate contains another version');
    const previous = search({
      recordedSource: async () => exported,
      sources: { fetch: () => Promise.reject(mismatch) },
      kept: { find: async (targetId) => bundleFrom(`copy of ${targetId}`) },
    });

    expect(await previous.find(wanted)).toEqual(bundleFrom('copy of www-alb'));
  });

  test.each(['ResourceNotFoundException', 'NoSuchVersion', 'ParameterVersionNotFound'])(
    'A version that was deleted (%s) is reported as gone',
    async (name) => {
      const previous = search({
        recordedSource: async () => secret,
        sources: { fetch: () => Promise.reject(unavailable(name)) },
      });

      expect(await previous.find(wanted)).toBeNull();
    },
  );

  test.each([
    unavailable('AccessDeniedException'),
    unavailable('TimeoutError'),
    new Error('ThrottlingException'),
  ])('A source that cannot be read now (%s) is an error, because it may have the version', async (error) => {
    const previous = search({
      recordedSource: async () => secret,
      sources: { fetch: () => Promise.reject(error) },
    });

    await expect(previous.find(wanted)).rejects.toBe(error);
  });

  test('A source that cannot be read now does not matter if a copy is kept', async () => {
    const previous = search({
      recordedSource: async () => secret,
      sources: { fetch: () => Promise.reject(unavailable('TimeoutError')) },
      kept: { find: async () => bundleFrom('copy') },
    });

    expect(await previous.find(wanted)).toEqual(bundleFrom('copy'));
  });

  test('A kept copy that cannot be opened is an error, because an operator can give the permission', async () => {
    const error = new CertferryError('CredentialUnavailable', 'The kept copy cannot be opened');
    const previous = search({ kept: { find: () => Promise.reject(error) } });

    await expect(previous.find(wanted)).rejects.toBe(error);
  });

  test('A sealed job contains each version once, and only those that a source has', async () => {
    const found = await bundlesOf(
      { find: async (fingerprint) => (fingerprint === wanted ? bundleFrom('source') : null) },
      [wanted, other, wanted],
    );

    expect(found).toEqual([bundleFrom('source')]);
  });

  test('A copy is needed only for a source that keeps no earlier version', () => {
    const kinds = ['acm', 'secretsmanager', 's3', 'parameter'] as const;

    expect(kinds.filter((kind) => needsKeptCopy({ kind }))).toEqual(['acm']);
  });
});
