import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal } from '../../fakes/scripted-service.ts';
import { type SourcesWorld, startSources } from '../../fakes/source-servers.ts';
import { aVersion } from '../../fixtures/certificates.ts';

let world: SourcesWorld;
beforeEach(async () => {
  world = await startSources();
});
afterEach(() => world.close());

const now = new Date();
const place = { kind: 'parameter', name: '/certificates/api.example.com' } as const;

/** A fresh version, as the parameter answers it. */
async function kept(Version: number, Type = 'SecureString') {
  const version = await aVersion();
  const { certPem: certificate, keyPem: privateKey } = version;
  const Value = JSON.stringify({ certificate, privateKey });
  world.parameters.answers.push({ Parameter: { Name: place.name, Type, Value, Version } });
  return version;
}

const asked = () => world.parameters.requests;

describe('a version in Parameter Store', () => {
  test('A version in Parameter Store is read, decrypted, by the version number that the request pinned', async () => {
    const version = await kept(3);

    const bundle = await world.sources.fetch(
      { fingerprint: version.fingerprint, source: { ...place, version: 3 } },
      now,
    );

    expect(bundle.key).toBe(version.keyPem);
    expect(asked()).toEqual([{ Name: '/certificates/api.example.com:3', WithDecryption: true }]);
  });

  test('A version in Parameter Store may be plain PEM', async () => {
    const { certPem, keyPem, fingerprint } = await aVersion();
    world.parameters.answers.push({
      Parameter: { Type: 'SecureString', Value: certPem + keyPem, Version: 1 },
    });

    await expect(world.sources.latest(place, now)).resolves.toMatchObject({ fingerprint });
  });

  test.each(['String', 'StringList'])(
    'A version in Parameter Store is refused when it is readable without decryption (%s)',
    async (type) => {
      await kept(1, type);

      await expect(world.sources.latest(place, now)).rejects.toMatchObject({
        name: 'SourceUnfit',
        message: expect.stringMatching(new RegExp(`is of type ${type}.*SecureString`)),
        details: { name: place.name },
      });
    },
  );

  test('A version in Parameter Store that is gone is unavailable', async () => {
    world.parameters.answers.push(refusal('ParameterNotFound'));

    await expect(world.sources.latest(place, now)).rejects.toMatchObject({ name: 'SourceUnavailable' });
  });
});

describe('the versions a parameter has', () => {
  test('The latest is pinned by its number', async () => {
    const { fingerprint } = await kept(7);

    await expect(world.sources.latest(place, now)).resolves.toMatchObject({
      fingerprint,
      source: { ...place, version: 7 },
    });
  });

  test('The one before has the number before', async () => {
    await kept(7);
    const { fingerprint } = await kept(6);

    await expect(world.sources.previous(place, now)).resolves.toMatchObject({
      fingerprint,
      source: { ...place, version: 6 },
    });
    expect(asked().map(({ Name }) => Name)).toEqual([place.name, `${place.name}:6`]);
  });

  test('There is none before the first', async () => {
    await kept(1);

    await expect(world.sources.previous(place, now)).resolves.toBeNull();
    expect(asked()).toHaveLength(1);
  });

  test('There is none when Parameter Store has forgotten it', async () => {
    await kept(7);
    world.parameters.answers.push(refusal('ParameterVersionNotFound'));

    await expect(world.sources.previous(place, now)).resolves.toBeNull();
  });
});
