import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateSource } from '../../../core/deployment/source.ts';
import { Certificate } from '../../../core/registry/certificate.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { type Catalogue, createCatalogue } from '../../../services/registry/catalogue.ts';
import { createRollouts } from '../../../services/rollouts/rollout-store.ts';
import { fingerprint, source } from '../../fixtures/factories.ts';
import { aCertificateName, aRollout } from '../../fixtures/new-rollout.ts';
import { aRegisteredTarget } from '../../fixtures/registered.ts';
import { startTables, tableNames } from '../../fixtures/world.ts';

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

describe('a registered certificate', () => {
  test('A registered certificate is found with who registered it, and as it was last registered', async () => {
    const certificate = aCertificate({ source: aSource('/tls/one'), strategy: { waves: ['100%'] } });
    await catalogue.putCertificate(aCertificate({ name: certificate.name }), 'cli');
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.certificate(certificate.name)).toEqual({ thing: certificate, origin: 'cli' });
    expect(await catalogue.certificate('nobody.example.com')).toBeNull();
  });

  test('A registered certificate is listed in the order of the names until it is removed', async () => {
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

  test('A registered certificate can still be read and repaired when the current schema would refuse it', async () => {
    const name = aCertificateName();
    const before = {
      ...aCertificate({ name }),
      strategy: { waves: ['100%'], approvalAfterWave: 1 },
      serviceEndpoints: [Verify.parse({ endpoint: 'mail.test:25', protocol: 'smtp' })],
    } satisfies Certificate;
    expect(Certificate.safeParse(before).success).toBe(false);
    await catalogue.putCertificate(before, 'cli');

    expect((await catalogue.certificate(name))?.thing).toEqual(before);
    await catalogue.removeCertificate(name);
  });

  test('A registered certificate leaves its targets, and the numbers of its rollouts, when it is removed', async () => {
    const certificate = aCertificate({ source: aSource('/tls/gone') });
    const { name } = certificate;
    const rollouts = createRollouts(tables.documents, tableNames.registry);
    await catalogue.putCertificate(certificate, 'cli');
    await catalogue.putTarget(aRegisteredTarget({ certificate: name }), 'cli');
    await rollouts.begin(aRollout({ certificate: name, version: 'a' }), { repeat: false });

    await catalogue.removeCertificate(name);

    expect(await catalogue.targets(name)).toHaveLength(1);
    expect(await catalogue.fedBy(aSource('/tls/gone'))).toEqual([]);
    const next = await rollouts.begin(aRollout({ certificate: name, version: 'b' }), { repeat: false });
    expect(next).toMatchObject({ type: 'started', sequence: 2 });
  });

  test('A registered certificate that cannot be read any more is named, with what is wrong', async () => {
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
  ])('What an event names is found when the secret was registered by %s', async (_, written) => {
    const certificate = aCertificate({ source: secret(written) });
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.fedBy(secret(`${arn}-AbCdEf`))).toContain(certificate.name);
    await catalogue.removeCertificate(certificate.name);
  });

  test('What an event names is another secret when its name only begins alike', async () => {
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
  ] as const)('What an event names is found as it was written ($kind)', async (place) => {
    const certificate = aCertificate({ source: place });
    await catalogue.putCertificate(certificate, 'cli');

    expect(await catalogue.fedBy(place)).toEqual([certificate.name]);
  });

  test('What an event names feeds every certificate that comes from there, in their order', async () => {
    for (const name of ['b.example.com', 'a.example.com']) {
      await catalogue.putCertificate(aCertificate({ name, source: aSource('/tls/shared') }), 'cli');
    }

    expect(await catalogue.fedBy(aSource('/tls/shared'))).toEqual(['a.example.com', 'b.example.com']);
  });

  test('What an event names no longer feeds a certificate that has another source, or none', async () => {
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

describe('the current version', () => {
  const version = (name: string) => ({ fingerprint: fingerprint(name), source, notAfter: 1_800_000_000 });

  test('The current version is null before the first, and follows the order of the rollouts only', async () => {
    const certificate = aCertificateName();
    const before = await catalogue.currentVersion(certificate);

    await catalogue.setCurrentVersion(certificate, version('b'), 2);
    await catalogue.setCurrentVersion(certificate, version('a'), 1);

    expect(before).toBeNull();
    expect(await catalogue.currentVersion(certificate)).toEqual(version('b'));
  });
});
