// Cannot show, where S3 is scripted: how long a changed policy really takes to be in force, and how often S3 says so.
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Certificate } from '../../core/registry/certificate.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { createHandler } from '../../lambdas/handlers/events/sync-registry.ts';
import { syncCatalogue } from '../../lambdas/registration/sync-catalogue.ts';
import { type Catalogue, createCatalogue } from '../../services/registry/catalogue.ts';
import {
  type CustomResourceService,
  createCustomResourceService,
} from '../../services/registry/custom-resource.ts';
import { type ObjectServer, startObjectServer } from '../fakes/object-server.ts';
import { startTables, tableNames } from '../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let objects: ObjectServer;
let catalogue: Catalogue;
let customResource: CustomResourceService;
let cloudFormation: Server;
/** The responses that CloudFormation received, in order. */
const responses: { body: Record<string, string>; contentType: string | undefined }[] = [];

beforeAll(async () => {
  tables = await startTables();
  objects = await startObjectServer('assets');
  cloudFormation = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      responses.push({
        body: JSON.parse(Buffer.concat(chunks).toString()),
        contentType: request.headers['content-type'],
      });
      response.writeHead(request.url === '/expired' ? 403 : 200).end();
    });
  });
  await new Promise<void>((resolve) => cloudFormation.listen(0, '127.0.0.1', resolve));
  catalogue = createCatalogue(tables.documents, tableNames.registry);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'unused' };
  const s3 = new S3Client({ endpoint: objects.endpoint, region: 'us-east-1', credentials });
  customResource = createCustomResourceService(s3, async () => undefined);
});
beforeEach(async () => {
  responses.length = 0;
  await run('Delete');
  for (const { thing } of await catalogue.targets()) await catalogue.removeTarget(thing.id);
  for (const { thing } of await catalogue.certificates()) await catalogue.removeCertificate(thing.name);
  responses.length = 0;
});
afterAll(async () => {
  cloudFormation.closeAllConnections();
  await Promise.all([
    tables.close(),
    objects.close(),
    new Promise((resolve) => cloudFormation.close(resolve)),
  ]);
});

const aTarget = (id: string, rest: object = {}) => ({
  id,
  certificate: 'api.example.com',
  host: 'i-0123456789abcdef0',
  kind: 'nginx',
  config: { certPath: '/etc/nginx/tls/a.pem', keyPath: '/etc/nginx/tls/a.key' },
  verify: { endpoint: '{host}:443' },
  ...rest,
});
const aCertificate = (rest: object = {}) => ({ name: 'api.example.com', ...rest });

interface RegistryList {
  readonly certificates?: unknown[];
  readonly targets?: unknown[];
}

/** What CloudFormation does when a stack is deployed with a list, or deleted. */
async function run(
  RequestType: 'Create' | 'Update' | 'Delete',
  { certificates = [], targets = [] }: RegistryList = {},
  { values = [], path = '/' }: { values?: string[]; path?: string } = {},
) {
  const Key = `${randomUUID()}.json`;
  objects.put(Key, JSON.stringify({ certificates, targets }), null);
  const { port } = cloudFormation.address() as AddressInfo;
  await createHandler({ catalogue, customResource })({
    RequestType,
    ResponseURL: `http://127.0.0.1:${port}${path}`,
    StackId: 'stack',
    RequestId: randomUUID(),
    LogicalResourceId: 'Registry',
    ...(RequestType !== 'Create' && { PhysicalResourceId: 'certferry-registry' }),
    ResourceProperties: { ServiceToken: 'arn', Bucket: 'assets', Key, Values: values },
  });
  return responses.at(-1)?.body;
}

const ids = async () => (await catalogue.targets()).map(({ thing, origin }) => `${origin} ${thing.id}`);

describe('deploying a stack while an operator registers', () => {
  const theirs = RegisteredTarget.parse(aTarget('web-1', { autoHeal: true }));

  test('Deploying a stack does not take over what an operator registered since the check', async () => {
    const looked = createCatalogue(tables.documents, tableNames.registry);
    const late: Catalogue = {
      ...looked,
      async targets() {
        const found = await looked.targets();
        await looked.putTarget(theirs, 'cli');
        return found;
      },
    };
    const wanted = { certificates: [], targets: [RegisteredTarget.parse(aTarget('web-1'))] };

    await expect(syncCatalogue(late, wanted)).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('target web-1 is already registered by the command line'),
    });
    expect(await catalogue.target('web-1')).toEqual({ thing: theirs, origin: 'cli' });
  });
});

describe('deploying a stack that names certificates and targets', () => {
  test('Deploying a stack that names certificates and targets registers them as the stack’s own, and answers as CloudFormation expects', async () => {
    const answer = await run('Create', { certificates: [aCertificate()], targets: [aTarget('web-1')] });

    expect(answer).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'certferry-registry',
      StackId: 'stack',
      LogicalResourceId: 'Registry',
      RequestId: expect.any(String),
    });
    expect(responses.at(-1)?.contentType).toBe('');
    expect(await catalogue.certificate('api.example.com')).toEqual({
      thing: Certificate.parse(aCertificate()),
      origin: 'stack',
    });
    expect(await catalogue.target('web-1')).toEqual({
      thing: RegisteredTarget.parse(aTarget('web-1')),
      origin: 'stack',
    });
  });

  test('Deploying a stack that names certificates and targets adds what is new, changes what is different and removes what is no longer named', async () => {
    await run('Create', { targets: [aTarget('web-1'), aTarget('web-2'), aTarget('web-3')] });

    const answer = await run('Update', {
      targets: [aTarget('web-2'), aTarget('web-3', { autoHeal: true }), aTarget('web-4')],
    });

    expect(answer?.Reason).toBe('2 written, 1 removed');
    expect(await ids()).toEqual(['stack web-2', 'stack web-3', 'stack web-4']);
    expect((await catalogue.target('web-3'))?.thing.autoHeal).toBe(true);
  });

  test('A second time changes nothing', async () => {
    const named = { certificates: [aCertificate()], targets: [aTarget('web-1')] };
    await run('Create', named);

    expect((await run('Update', named))?.Reason).toBe('0 written, 0 removed');
  });

  test('Deploying a stack that names certificates and targets fills in what only CloudFormation knows', async () => {
    const certificateArn =
      'arn:aws:acm:eu-west-1:111122223333:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';
    const source = { kind: 'acm', certificateArn: '${Value.1}' };
    const target = aTarget('web-1', { host: '${Value.0}' });

    await run(
      'Create',
      { certificates: [aCertificate({ source })], targets: [target] },
      { values: ['i-0fedcba9876543210', certificateArn] },
    );

    expect((await catalogue.target('web-1'))?.thing.host).toBe('i-0fedcba9876543210');
    expect((await catalogue.certificate('api.example.com'))?.thing.source).toEqual({
      kind: 'acm',
      certificateArn,
    });
  });
});

describe('what was registered from the command line', () => {
  test('What was registered from the command line stays when the stack removes everything of its own', async () => {
    await catalogue.putTarget(RegisteredTarget.parse(aTarget('by-hand')), 'cli');
    await run('Create', { certificates: [aCertificate()], targets: [aTarget('web-1')] });

    const answer = await run('Delete');

    expect(answer).toMatchObject({ Status: 'SUCCESS', Reason: '0 written, 2 removed' });
    expect(await ids()).toEqual(['cli by-hand']);
    expect(await catalogue.certificates()).toEqual([]);
  });

  test('What was registered from the command line fails a stack that names it too, and nothing of the stack is changed', async () => {
    await catalogue.putTarget(RegisteredTarget.parse(aTarget('by-hand')), 'cli');

    const answer = await run('Create', {
      targets: [aTarget('by-hand', { autoHeal: true }), aTarget('web-1')],
    });

    expect(answer?.Status).toBe('FAILED');
    expect(answer?.Reason).toContain('registered from the command line: target by-hand');
    expect(await ids()).toEqual(['cli by-hand']);
    expect((await catalogue.target('by-hand'))?.thing.autoHeal).toBe(false);
  });
});

describe('a target from the command line with a certificate of the stack', () => {
  const theirs = RegisteredTarget.parse(aTarget('their-web'));
  beforeEach(async () => {
    await run('Create', { certificates: [aCertificate()], targets: [aTarget('web-1')] });
    await catalogue.putTarget(theirs, 'cli');
  });

  test('A target from the command line with a certificate of the stack fails a stack that no longer names the certificate, by its id, and nothing is changed', async () => {
    const answer = await run('Update', { certificates: [], targets: [] });

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('from the command line: their-web (api.example.com).'),
    });
    expect(await ids()).toEqual(['cli their-web', 'stack web-1']);
    expect(await catalogue.certificate('api.example.com')).not.toBeNull();
  });

  test('A target from the command line with a certificate of the stack never keeps a stack from being deleted', async () => {
    expect(await run('Delete')).toMatchObject({ Status: 'SUCCESS' });

    expect(await ids()).toEqual(['cli their-web']);
    expect(await catalogue.certificate('api.example.com')).toBeNull();
  });
});

describe('a list that cannot be taken', () => {
  test('A list that cannot be taken is answered with the field that is wrong', async () => {
    const answer = await run(
      'Create',
      { targets: [aTarget('web-1', { host: '${Value.0}' })] },
      { values: ['web'] },
    );

    expect(answer?.Status).toBe('FAILED');
    expect(answer?.Reason).toContain('InvalidTarget');
    expect(answer?.Reason).toContain('targets[0].host');
  });

  test('A list that cannot be taken has a reason that fits into an answer', async () => {
    const targets = Array.from({ length: 100 }, (_, at) => aTarget(`web-${at}`, { host: 'nowhere' }));

    const answer = await run('Create', { targets });

    expect(answer?.Status).toBe('FAILED');
    expect(answer?.Reason).toMatch(/^InvalidTarget: .* … \(\d+ bytes left out\) … /s);
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(2_000);
  });

  test('A list that cannot be taken is read again while a policy is not in force yet', async () => {
    let looks = 0;
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied' });
    const send = async () => {
      looks += 1;
      if (looks < 3) throw denied;
      return { Body: { transformToString: async () => '{}' } };
    };
    const patient = createCustomResourceService({ send } as unknown as S3Client, async () => undefined);

    expect(await patient.readFile({ bucket: 'assets', key: 'list.json' })).toBe('{}');
    expect(looks).toBe(3);
  });

  test('A list that cannot be taken is given up when it may not be read for more than a minute', async () => {
    const waited: number[] = [];
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied' });
    const send = () => Promise.reject(denied);
    const patient = createCustomResourceService({ send } as unknown as S3Client, async (ms) =>
      waited.push(ms),
    );

    await expect(patient.readFile({ bucket: 'assets', key: 'list.json' })).rejects.toThrow(denied);
    expect(waited).toEqual([2_000, 5_000, 10_000, 20_000, 30_000]);
  });
});

describe('an answer that CloudFormation does not take', () => {
  test('An answer that CloudFormation does not take fails the run, so that Lambda tries it again', async () => {
    await expect(run('Create', {}, { path: '/expired' })).rejects.toThrow('HTTP 403');
  });
});
