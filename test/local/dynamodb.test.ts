import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTables, tableNames } from '../../local/dynamodb/create-tables.ts';
import { type DynamoDb, startDynamoDb } from '../../local/dynamodb/start.ts';
import { scratch } from './scratch.ts';

const clientOf = (endpoint: string, accessKeyId = 'local') =>
  new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey: 'unused' },
  });

const TableName = tableNames.locks;
const key = (pk: string) => ({ pk: { S: pk } });

let server: DynamoDb;
let client: DynamoDBClient;

beforeEach(async () => {
  server = await startDynamoDb();
  client = clientOf(server.endpoint);
  await createTables(server.endpoint);
});

afterEach(async () => {
  client.destroy();
  await server.close();
});

const put = (pk: string, n: number) =>
  client.send(new PutItemCommand({ TableName, Item: { ...key(pk), n: { N: String(n) } } }));

async function get(pk: string) {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: key(pk), ConsistentRead: true }));
  return Item;
}

describe('the embedded DynamoDB', () => {
  test('creates its tables again without complaint', async () => {
    await Promise.all([createTables(server.endpoint), createTables(server.endpoint)]);

    await expect(put('a', 1)).resolves.toBeDefined();
  });

  test.each([
    ['PutItem', new PutItemCommand({ TableName, Item: key('a'), ...refusedCondition() })],
    ['DeleteItem', new DeleteItemCommand({ TableName, Key: key('a'), ...refusedCondition() })],
    [
      'UpdateItem',
      new UpdateItemCommand({
        TableName,
        Key: key('a'),
        UpdateExpression: 'SET m = n',
        ...refusedCondition(),
      }),
    ],
  ])('%s gives the item in the way of its condition when asked to', async (_name, command) => {
    await put('a', 1);

    const sent = client.send(command as PutItemCommand);

    await expect(sent).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { pk: { S: 'a' }, n: { N: '1' } },
    });
  });

  test('does not give that item unasked', async () => {
    await put('a', 1);
    const { ConditionExpression } = refusedCondition();

    const sent = client.send(new PutItemCommand({ TableName, Item: key('a'), ConditionExpression }));

    await expect(sent).rejects.toSatisfy((error: object) => !('Item' in error) || error.Item === undefined);
  });

  test('finds items by an index, and no longer after they have left it', async () => {
    const deployments = tableNames.deployments;
    const item = { targetId: { S: 'web-1' }, sk: { S: '1' }, certificate: { S: 'x' } };
    const query = new QueryCommand({
      TableName: deployments,
      IndexName: 'byCertificate',
      KeyConditionExpression: 'certificate = :c',
      ExpressionAttributeValues: { ':c': { S: 'x' } },
    });

    await client.send(new PutItemCommand({ TableName: deployments, Item: item }));
    const before = await client.send(query);
    await client.send(
      new DeleteItemCommand({ TableName: deployments, Key: { targetId: item.targetId, sk: item.sk } }),
    );
    const after = await client.send(query);

    expect([before.Count, after.Count]).toEqual([1, 0]);
  });

  test('fifty conditional updates of one item at once count to fifty', async () => {
    const raise = new UpdateItemCommand({
      TableName,
      Key: key('fence'),
      UpdateExpression: 'ADD fence :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    });

    await Promise.all(Array.from({ length: 50 }, () => client.send(raise)));

    expect(await get('fence')).toMatchObject({ fence: { N: '50' } });
  });

  test('refuses a stranger to the state folder', async () => {
    const guarded = await startDynamoDb({ accessKeyId: 'the-token' });
    const attempt = (token: string) =>
      clientOf(guarded.endpoint, token).send(new GetItemCommand({ TableName, Key: key('a') }));

    await expect(attempt('another')).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await expect(attempt('the-token')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await guarded.close();
  });
});

describe('a transaction', () => {
  const transact = (...TransactItems: object[]) =>
    client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: crypto.randomUUID() }));

  test('puts, updates, deletes and checks together', async () => {
    await put('updated', 1);
    await put('deleted', 1);
    await put('checked', 1);

    await transact(
      { Put: { TableName, Item: key('new') } },
      {
        Update: {
          TableName,
          Key: key('updated'),
          UpdateExpression: 'SET n = :n',
          ExpressionAttributeValues: { ':n': { N: '2' } },
        },
      },
      { Delete: { TableName, Key: key('deleted') } },
      { ConditionCheck: { TableName, Key: key('checked'), ConditionExpression: 'attribute_exists(pk)' } },
    );

    expect(await get('new')).toEqual(key('new'));
    expect(await get('updated')).toMatchObject({ n: { N: '2' } });
    expect(await get('deleted')).toBeUndefined();
    expect(await get('checked')).toMatchObject({ n: { N: '1' } });
  });

  test('changes nothing and gives the reasons in order when a condition fails', async () => {
    await put('a', 1);

    const sent = transact(
      { Put: { TableName, Item: key('new') } },
      {
        ConditionCheck: {
          TableName,
          Key: key('a'),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      { Delete: { TableName, Key: key('absent'), ConditionExpression: 'attribute_exists(pk)' } },
    );

    await expect(sent).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' }, n: { N: '1' } } },
        { Code: 'ConditionalCheckFailed' },
      ],
    });
    expect(await get('new')).toBeUndefined();
    expect(await get('a')).toMatchObject({ n: { N: '1' } });
  });

  test('refuses two actions on one item', async () => {
    const sent = transact({ Put: { TableName, Item: key('a') } }, { Delete: { TableName, Key: key('a') } });

    await expect(sent).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('is done once when its answer was lost and it is sent again', async () => {
    const command = new TransactWriteItemsCommand({
      ClientRequestToken: 'lost-answer',
      TransactItems: [
        { Put: { TableName, Item: key('once'), ConditionExpression: 'attribute_not_exists(pk)' } },
      ],
    });

    await client.send(command);

    await expect(client.send(command)).resolves.toBeDefined();
  });

  test('is wholly there or not at all after the process is killed in the middle', {
    timeout: 600_000,
  }, async () => {
    const path = scratch();
    const seen: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'transact-forever.ts'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const reported = await killAfter(child, 3 + round * 7);
      const rounds = await roundsIn(path);

      expect(new Set(rounds).size).toBe(1);
      expect(rounds[0]).toBeGreaterThanOrEqual(reported);
      seen.push(rounds[0] ?? 0);
    }

    expect(seen.every((rounds) => rounds > 0)).toBe(true);
  });
});

function refusedCondition() {
  return {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

/** Kills the process after that many lines and gives the number on the last. */
async function killAfter(child: ChildProcess, lines: number): Promise<number> {
  let output = '';
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString();
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  return Number(output.split('\n').at(-2));
}

/** The number in each of the four items, and in each of their entries in an index. */
async function roundsIn(path: string): Promise<number[]> {
  const database = await startDynamoDb({ path });
  const reader = clientOf(database.endpoint);
  const rounds: number[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    const Key = { targetId: { S: name }, sk: { S: 'only' } };
    const { Item } = await reader.send(new GetItemCommand({ TableName: tableNames.deployments, Key }));
    rounds.push(Number(Item?.round?.N));
  }
  const indexed = await reader.send(
    new QueryCommand({
      TableName: tableNames.deployments,
      IndexName: 'byCertificate',
      KeyConditionExpression: 'certificate = :c',
      ExpressionAttributeValues: { ':c': { S: `round-${rounds[0]}` } },
    }),
  );
  rounds.push(...(indexed.Items ?? []).map((item) => Number(item.round?.N)));
  expect(indexed.Count).toBe(4);
  reader.destroy();
  await database.close();
  return rounds;
}
