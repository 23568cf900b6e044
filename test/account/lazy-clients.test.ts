import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openClients, type StackClients } from '../../account/stack/clients.ts';
import { openStackBackend, type StackBackend } from '../../account/stack-backend.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { aFinished, aTarget } from '../cli/finished.ts';
import { anAccount, type FakeAws, machines } from './aws.ts';
import { aHistory } from './histories.ts';

const address = { stack: 'Certferry', region: undefined, profile: undefined };

let aws: FakeAws;
let clients: StackClients;
let backend: StackBackend;

beforeEach(async () => {
  aws = await anAccount();
  clients = openClients(address);
  backend = await openStackBackend(address, clients);
});
afterEach(async () => {
  await backend.close();
  await aws.close();
});

async function registerTarget(): Promise<void> {
  const client = new DynamoDBClient({});
  const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
  await catalogue.putTarget(RegisteredTarget.parse({ ...aTarget(), host: 'i-0123456789abcdef0' }), 'cli');
  client.destroy();
}

test('An opened stack has built only the client that reads its outputs.', () => {
  expect(clients.built()).toEqual(['cloudFormation']);
});

test('A deployment builds no client that only the doctor or the sweep needs.', async () => {
  await registerTarget();
  aws.stepFunctions.script(machines.deployTarget, () => [
    aHistory().start().succeed('Deployed', aFinished().output).events,
  ]);
  const [target] = await backend.findTargets(['web-1']);

  const { output } = await backend.deploy({ target, action: 'rollback', version: null });

  expect(output.outcome).toBe('deployed');
  expect(clients.built()).toEqual(expect.arrayContaining(['cloudFormation', 'dynamoDb', 'sfn', 'ssm']));
  for (const unused of ['acm', 'lambda', 's3', 'secrets', 'sns', 'sqs'] as const) {
    expect(clients.built()).not.toContain(unused);
  }
});

test('A list of registrations builds only the client of DynamoDB.', async () => {
  await backend.registrations();

  expect(clients.built()).toEqual(['cloudFormation', 'dynamoDb']);
});
