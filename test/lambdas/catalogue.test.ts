import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { Certificate } from '../../core/rollout/certificate.ts';
import { RegisteredTarget } from '../../core/target/registered.ts';
import { type Catalogue, createCatalogue } from '../../lambdas/services/catalogue.ts';
import { createRollouts } from '../../lambdas/services/rollouts.ts';
import { aTargetId, fingerprint, source } from './support/factories.ts';
import { aCertificateName, aRollout } from './support/rollouts.ts';
import { startTables, tableNames } from './support/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let catalogue: Catalogue;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());
beforeEach(() => {
  catalogue = createCatalogue(tables.documents, tableNames.registry);
});

const aSource = (name: string): CertificateSource => ({ kind: 'parameter', name });
const aCertificate = (known: Partial<Certificate> = {}) =>
  Certificate.parse({ name: aCertificateName(), ...known });
const aTarget = (known: Record<string, unknown> = {}) =>
  RegisteredTarget.parse({
    id: aTargetId(),
    certificate: 'api.example.com',
    host: 'i-0123456789abcdef0',
    kind: 'nginx',
    config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
    verify: 'none',
    ...known,
  });
const ids = (entries: readonly { thing: RegisteredTarget }[]) => entries.map(({ thing }) => thing.id);

async function itemsAbout(text: string) {
  const { Items = [] } = await tables.documents.send(new ScanCommand({ TableName: tableNames.registry }));
  return Items.filter((item) => JSON.stringify(item).includes(text));
}

describe('a registered certificate', () => {
  test('is found with who registered it, and as it was last registered', async () => {
    const certificate = aCertificate({ source: aSource('/tls/one'), strategy: { waves: ['100%'] } });
    await catalogue.putCertificate(aCertificate({ name: certificate.name }), 'stack');
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.certificate(certificate.name)).toEqual({ thing: certificate, origin: 'cli' });
    expect(await catalogue.certificate('nobody.example.com')).toBeNull();
  });

  test('is listed in the order of the names until it is removed', async () => {
    const names = ['z.example.com', 'a.example.com', '*.m.example.com'];
    for (const name of names) await catalogue.putCertificate(aCertificate({ name }), 'cli');

    const listed = (await catalogue.certificates()).map(({ thing }) => thing.name);
    await catalogue.removeCertificate('a.example.com');
    await catalogue.removeCertificate('a.example.com');

    expect(listed.filter((name) => names.includes(name))).toEqual([
      '*.m.example.com',
      'a.example.com',
      'z.example.com',
    ]);
    expect((await catalogue.certificates()).map(({ thing }) => thing.name)).not.toContain('a.example.com');
    expect(await catalogue.certificate('a.example.com')).toBeNull();
  });

  test('leaves its targets, and the numbers of its rollouts, when it is removed', async () => {
    const certificate = aCertificate({ source: aSource('/tls/gone') });
    const { name } = certificate;
    const rollouts = createRollouts(tables.documents, tableNames.registry);
    await catalogue.putCertificate(certificate, 'cli');
    await catalogue.putTarget(aTarget({ certificate: name }), 'cli');
    await rollouts.begin(aRollout({ certificate: name, version: 'a' }), { repeat: false });

    await catalogue.removeCertificate(name);

    expect(await catalogue.targets(name)).toHaveLength(1);
    expect(await catalogue.fedBy(aSource('/tls/gone'))).toEqual([]);
    const next = await rollouts.begin(aRollout({ certificate: name, version: 'b' }), { repeat: false });
    expect(next).toEqual({ type: 'begun', sequence: 2 });
  });

  test('that cannot be read any more is named, with what is wrong', async () => {
    const Item = { pk: 'certificate#bad.example.com', sk: 'config', origin: 'cli', revision: 1 };
    await tables.documents.send(
      new PutCommand({
        TableName: tableNames.registry,
        Item: { ...Item, certificate: { name: 'bad.example.com', sources: [] } },
      }),
    );

    await expect(catalogue.certificate('bad.example.com')).rejects.toThrow(
      /item certificate#bad\.example\.com \/ config cannot be read: certificate\.sources: unknown key/,
    );
  });
});

describe('what an event names', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:tls/api';
  const secret = (secretId: string): CertificateSource => ({ kind: 'secretsmanager', secretId });

  test.each([
    ['the full ARN', `${arn}-AbCdEf`],
    ['the ARN without its last characters', arn],
    ['the name', 'tls/api'],
  ])('is found when the secret was registered by %s', async (_, written) => {
    const certificate = aCertificate({ source: secret(written) });
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.fedBy(secret(`${arn}-AbCdEf`))).toContain(certificate.name);
    await catalogue.removeCertificate(certificate.name);
  });

  test('is another secret when its name only begins alike', async () => {
    const certificate = aCertificate({ source: secret('tls/api-2') });
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.fedBy(secret(`${arn}-AbCdEf`))).not.toContain(certificate.name);
  });

  test.each([
    {
      kind: 'acm',
      certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1b6a-4c',
    },
    { kind: 's3', bucket: 'my-certificates', key: 'api/bundle.json' },
    { kind: 'parameter', name: '/tls/api' },
  ] as const)('is found as it was written ($kind)', async (place) => {
    const certificate = aCertificate({ source: place });
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.fedBy(place)).toEqual([certificate.name]);
  });

  test('feeds every certificate that comes from there, in their order', async () => {
    for (const name of ['b.example.com', 'a.example.com']) {
      await catalogue.putCertificate(aCertificate({ name, source: aSource('/tls/shared') }), 'cli');
    }

    expect(await catalogue.fedBy(aSource('/tls/shared'))).toEqual(['a.example.com', 'b.example.com']);
  });

  test('no longer feeds a certificate that has another source, or none', async () => {
    const { name } = aCertificate();
    const put = (from?: string) =>
      catalogue.putCertificate(
        aCertificate({ name, ...(from !== undefined && { source: aSource(from) }) }),
        'cli',
      );
    await put('/tls/before');
    await put('/tls/after');
    const whileMoved = await Promise.all(
      [aSource('/tls/before'), aSource('/tls/after')].map(catalogue.fedBy),
    );

    await put();

    expect(whileMoved).toEqual([[], [name]]);
    expect(await catalogue.fedBy(aSource('/tls/after'))).toEqual([]);
  });
});

describe('a registered target', () => {
  test('is found by its id, with who registered it', async () => {
    const target = aTarget({
      host: { tags: { role: 'web' }, account: '123456789012', region: 'eu-west-1' },
      verify: { endpoint: '{host}:443', serverName: 'api.example.com' },
      window: { from: '01:00', to: '05:00', timeZone: 'Europe/Paris' },
      autoHeal: true,
    });

    await catalogue.putTarget(target, 'stack');

    expect(await catalogue.target(target.id)).toEqual({ thing: target, origin: 'stack' });
    expect(await catalogue.target('nobody')).toBeNull();
  });

  test('moves to another certificate and leaves nothing behind', async () => {
    const [from, to] = [aCertificateName(), aCertificateName()];
    const target = aTarget({ certificate: from });
    await catalogue.putTarget(target, 'cli');

    await catalogue.putTarget({ ...target, certificate: to }, 'cli');

    expect(ids(await catalogue.targets(from))).toEqual([]);
    expect(ids(await catalogue.targets(to))).toEqual([target.id]);
    expect((await catalogue.target(target.id))?.thing.certificate).toBe(to);
  });

  test('is found by its Auto Scaling group, while it is on it', async () => {
    const target = aTarget({ host: { autoScalingGroup: 'web' } });
    const other = aTarget({ host: { autoScalingGroup: 'api' } });
    await catalogue.putTarget(target, 'cli');
    await catalogue.putTarget(other, 'cli');

    const before = await catalogue.targetsOfGroup('web');
    await catalogue.putTarget({ ...target, host: { autoScalingGroup: 'api' } }, 'cli');
    await catalogue.putTarget({ ...other, host: 'i-0123456789abcdef0' }, 'cli');

    expect(before).toEqual([target]);
    expect(await catalogue.targetsOfGroup('web')).toEqual([]);
    expect((await catalogue.targetsOfGroup('api')).map(({ id }) => id)).toEqual([target.id]);
  });

  test('leaves no item once it is removed', async () => {
    const target = aTarget({ host: { autoScalingGroup: 'gone' } });
    await catalogue.putTarget(target, 'cli');

    await catalogue.removeTarget(target.id);
    await catalogue.removeTarget(target.id);

    expect(await itemsAbout(target.id)).toEqual([]);
  });

  test('that cannot be read any more is named, with what is wrong', async () => {
    const target = aTarget();
    await catalogue.putTarget(target, 'cli');
    const Item = {
      pk: `certificate#${target.certificate}`,
      sk: `target#${target.id}`,
      origin: 'cli',
      revision: 2,
    };
    await tables.documents.send(
      new PutCommand({
        TableName: tableNames.registry,
        Item: { ...Item, target: { ...target, kind: 'gopher' } },
      }),
    );

    await expect(catalogue.target(target.id)).rejects.toMatchObject({
      name: 'InvalidTarget',
      message: expect.stringMatching(new RegExp(`target#${target.id} cannot be read: .*kind.*"gopher"`)),
    });
    await catalogue.removeTarget(target.id);
  });

  test('is listed among hundreds, all or those of a certificate', async () => {
    const certificate = aCertificateName();
    const some = Array.from({ length: 240 }, (_, at) =>
      aTarget({
        id: `many-${String(at).padStart(3, '0')}`,
        certificate: at % 2 === 0 ? certificate : 'other.example.com',
      }),
    );
    for (const target of some) await catalogue.putTarget(target, 'cli');

    const all = ids(await catalogue.targets()).filter((id) => id.startsWith('many-'));

    expect(all).toEqual(some.map(({ id }) => id));
    expect(await catalogue.targets(certificate)).toHaveLength(120);
  });
});

describe('targets that are put and removed all at once', () => {
  const aChange = fc.record({
    id: fc.constantFrom('race-1', 'race-2'),
    certificate: fc.constantFrom('one.example.com', 'two.example.com', null),
    group: fc.constantFrom('red', 'blue', null),
  });

  test('are each in one place, which every index agrees on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aChange, { minLength: 2, maxLength: 10 }), async (changes) => {
        await Promise.all(
          changes.map(({ id, certificate, group }) =>
            certificate === null
              ? catalogue.removeTarget(id)
              : catalogue.putTarget(
                  aTarget({ id, certificate, ...(group !== null && { host: { autoScalingGroup: group } }) }),
                  'cli',
                ),
          ),
        );

        for (const id of ['race-1', 'race-2']) {
          const entry = await catalogue.target(id);
          const wanted = (holds: boolean) => (holds ? [id] : []);
          const only = (found: readonly string[]) => found.filter((one) => one === id);
          for (const certificate of ['one.example.com', 'two.example.com']) {
            const found = only(ids(await catalogue.targets(certificate)));
            expect(found).toEqual(wanted(entry?.thing.certificate === certificate));
          }
          for (const group of ['red', 'blue']) {
            const found = only((await catalogue.targetsOfGroup(group)).map((target) => target.id));
            const host = entry?.thing.host;
            expect(found).toEqual(
              wanted(
                typeof host === 'object' && 'autoScalingGroup' in host && host.autoScalingGroup === group,
              ),
            );
          }
          expect(only(ids(await catalogue.targets()))).toEqual(wanted(entry !== null));
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('the current version', () => {
  const version = (name: string) => ({ fingerprint: fingerprint(name), source, notAfter: 1_800_000_000 });

  test('is null before the first, and follows the order of the rollouts only', async () => {
    const certificate = aCertificateName();
    const before = await catalogue.currentVersion(certificate);

    await catalogue.setCurrentVersion(certificate, version('b'), 2);
    await catalogue.setCurrentVersion(certificate, version('a'), 1);

    expect(before).toBeNull();
    expect(await catalogue.currentVersion(certificate)).toEqual(version('b'));
  });
});
