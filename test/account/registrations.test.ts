import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStackBackend, type StackBackend } from '../../account/stack-backend.ts';
import { TargetsFile } from '../../core/registry/targets-file.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { aTarget } from '../cli/finished.ts';
import { anAccount, type FakeAws } from './aws.ts';

let aws: FakeAws;
let account: StackBackend;

beforeEach(async () => {
  aws = await anAccount();
  account = await openStackBackend({ stack: 'Certferry', region: undefined, profile: undefined });
});
afterEach(async () => {
  await account.close();
  await aws.close();
});

const aRegistered = (changes: object = {}) => RegisteredTarget.parse({ ...aTarget(), ...changes });
const aFile = (...targets: RegisteredTarget[]) =>
  TargetsFile.parse({
    certificates: [
      { name: 'api.example.com', source: { kind: 'secretsmanager', secretId: 'certferry/api' } },
    ],
    targets,
  });

/** Registers a target as the stack's own code does. */
async function ofTheStack(target: RegisteredTarget): Promise<void> {
  const client = new DynamoDBClient({});
  await createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry).putTarget(target, 'stack');
  client.destroy();
}

const words = (changes: readonly { kind: string; id: string; what: string }[]) =>
  changes.map(({ kind, id, what }) => `${what} ${kind} ${id}`);

describe('a targets file that is applied to a stack', () => {
  test('A targets file that is applied to a stack is registered, and nothing changes the second time', async () => {
    const file = aFile(aRegistered(), aRegistered({ id: 'web-2', host: { autoScalingGroup: 'web' } }));

    const first = await account.apply(file, { dryRun: false });
    const second = await account.apply(file, { dryRun: false });

    expect(words(first)).toEqual(['add certificate api.example.com', 'add target web-1', 'add target web-2']);
    expect(second.map(({ what }) => what)).toEqual(['same', 'same', 'same']);
    expect(await account.registrations()).toMatchObject([
      { kind: 'certificate', id: 'api.example.com', origin: 'cli' },
      { kind: 'target', id: 'web-1', origin: 'cli', thing: aRegistered() },
      { kind: 'target', id: 'web-2', origin: 'cli' },
    ]);
  });

  test('Applying a targets file to a stack changes what differs and leaves what the file does not name', async () => {
    await account.apply(aFile(aRegistered(), aRegistered({ id: 'web-2' })), { dryRun: false });

    const changes = await account.apply(aFile(aRegistered({ autoHeal: true })), { dryRun: false });

    expect(words(changes)).toEqual(['same certificate api.example.com', 'change target web-1']);
    expect((await account.registrations()).map(({ id }) => id)).toEqual([
      'api.example.com',
      'web-1',
      'web-2',
    ]);
  });

  test('A dry run of applying a targets file registers nothing and reports what it would change', async () => {
    const changes = await account.apply(aFile(aRegistered()), { dryRun: true });

    expect(words(changes)).toEqual(['add certificate api.example.com', 'add target web-1']);
    expect(await account.registrations()).toEqual([]);
  });

  test("A targets file that is applied to a stack does not touch what the stack's own code registered", async () => {
    await ofTheStack(aRegistered());

    const changes = await account.apply(aFile(aRegistered({ autoHeal: true })), { dryRun: false });

    expect(words(changes)).toContain('stack target web-1');
    expect(await account.registrations()).toContainEqual(
      expect.objectContaining({ id: 'web-1', origin: 'stack', thing: aRegistered() }),
    );
  });
});

describe('a registration', () => {
  test('A registration is removed by its name, a certificate once no target has it', async () => {
    await account.apply(aFile(aRegistered()), { dryRun: false });

    await expect(account.removeCertificate('api.example.com')).rejects.toThrow(
      /targets web-1 use the certificate api.example.com. Remove them/,
    );
    await account.removeTarget('web-1');
    await account.removeCertificate('api.example.com');

    expect(await account.registrations()).toEqual([]);
  });

  test("A registration is not removed when it is not there, or the stack's own", async () => {
    await ofTheStack(aRegistered());

    await expect(account.removeTarget('web-9')).rejects.toThrow('target web-9 is not registered');
    await expect(account.removeTarget('web-1')).rejects.toThrow('Remove it from that code');
    await expect(account.removeCertificate('x.test')).rejects.toThrow('certificate x.test is not registered');
  });
});

describe('a stack', () => {
  test('A missing stack is reported with the region and the account to check', async () => {
    const opening = openStackBackend({ stack: 'Elsewhere', region: undefined, profile: undefined });

    await expect(opening).rejects.toMatchObject({
      name: 'StackUnusable',
      message: expect.stringContaining('no stack Elsewhere in eu-west-1'),
    });
  });

  test('A stack without some of its outputs is reported with the names of the outputs', async () => {
    const { RolloutArn: _, WorkBucketName: __, ...outputs } = aws.state.outputs;
    aws.state.outputs = outputs;

    const opening = openStackBackend({ stack: 'Certferry', region: undefined, profile: undefined });

    await expect(opening).rejects.toThrow('lacks the outputs RolloutArn, WorkBucketName');
  });
});
