import {
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { key, TableName, useEmbeddedDynamoDb } from './embedded-dynamodb.ts';

const { client, put, get } = useEmbeddedDynamoDb();

describe('the embedded DynamoDB', () => {
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

    const sent = client().send(command as PutItemCommand);

    await expect(sent).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { pk: { S: 'a' }, n: { N: '1' } },
    });
  });

  test('The embedded DynamoDB does not give that item unasked', async () => {
    await put('a', 1);
    const { ConditionExpression } = refusedCondition();

    const sent = client().send(new PutItemCommand({ TableName, Item: key('a'), ConditionExpression }));

    await expect(sent).rejects.toSatisfy((error: object) => !('Item' in error) || error.Item === undefined);
  });

  test('The embedded DynamoDB finds items by an index, and no longer after they have left it', async () => {
    const deployments = tableNames.deployments;
    const item = { targetId: { S: 'web-1' }, sk: { S: '1' }, certificate: { S: 'x' } };
    const query = new QueryCommand({
      TableName: deployments,
      IndexName: 'byCertificate',
      KeyConditionExpression: 'certificate = :c',
      ExpressionAttributeValues: { ':c': { S: 'x' } },
    });

    await client().send(new PutItemCommand({ TableName: deployments, Item: item }));
    const before = await client().send(query);
    await client().send(
      new DeleteItemCommand({ TableName: deployments, Key: { targetId: item.targetId, sk: item.sk } }),
    );
    const after = await client().send(query);

    expect([before.Count, after.Count]).toEqual([1, 0]);
  });

  test('The embedded DynamoDB fifty conditional updates of one item at once count to fifty', async () => {
    const raise = new UpdateItemCommand({
      TableName,
      Key: key('fence'),
      UpdateExpression: 'ADD fence :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    });

    await Promise.all(Array.from({ length: 50 }, () => client().send(raise)));

    expect(await get('fence')).toMatchObject({ fence: { N: '50' } });
  });
});

describe('pages', () => {
  const deployments = tableNames.deployments;
  const fill = async (count: number, filler = '') => {
    for (let n = 0; n < count; n += 1) {
      const Item = {
        targetId: { S: 't' },
        sk: { S: `s${n}` },
        certificate: { S: 'c' },
        filler: { S: filler },
      };
      await client().send(new PutItemCommand({ TableName: deployments, Item }));
    }
  };
  const pages = async (input: Partial<QueryCommandInput>) => {
    const found: string[][] = [];
    let start: QueryCommandInput['ExclusiveStartKey'];
    do {
      const { Items = [], LastEvaluatedKey } = await client().send(
        new QueryCommand({
          TableName: deployments,
          KeyConditionExpression: 'targetId = :t',
          ExpressionAttributeValues: { ':t': { S: 't' } },
          ExclusiveStartKey: start,
          ...input,
        }),
      );
      found.push(Items.map((item) => item.sk?.S ?? ''));
      start = LastEvaluatedKey;
    } while (start !== undefined);
    return found;
  };

  test('Pages of a query hold as many items as its limit, forwards and backwards', async () => {
    await fill(5);

    expect(await pages({ Limit: 2 })).toEqual([['s0', 's1'], ['s2', 's3'], ['s4']]);
    expect(await pages({ Limit: 2, ScanIndexForward: false })).toEqual([['s4', 's3'], ['s2', 's1'], ['s0']]);
  });

  test('Pages of a query that end with the last item are followed by an empty one', async () => {
    await fill(2);

    expect(await pages({ Limit: 2 })).toEqual([['s0', 's1'], []]);
  });

  test('Pages of an index continue behind the last item', async () => {
    await fill(3);
    const index = {
      IndexName: 'byCertificate',
      KeyConditionExpression: 'certificate = :c',
      ExpressionAttributeValues: { ':c': { S: 'c' } },
    };

    expect(await pages({ ...index, Limit: 2 })).toEqual([['s0', 's1'], ['s2']]);
    expect(await pages({ ...index, Limit: 2, ScanIndexForward: false })).toEqual([['s2', 's1'], ['s0']]);
  });

  test.each([
    [4, [['s0', 's1', 's2', 's3']]],
    [5, [['s0', 's1', 's2', 's3'], ['s4']]],
  ])('A page of %i items of 300 KB ends after a megabyte if an item follows', async (count, expected) => {
    await fill(count, 'x'.repeat(300_000));

    expect(await pages({})).toEqual(expected);
  });

  test.each([
    ['begins_with(sk, :v)', 's1', ['s1']],
    ['sk < :v', 's2', ['s0', 's1']],
    ['sk <= :v', 's1', ['s0', 's1']],
    ['sk > :v', 's3', ['s4']],
    ['sk >= :v', 's3', ['s3', 's4']],
    ['sk = :v', 's3', ['s3']],
  ])('Pages hold the items for which %s', async (condition, value, expected) => {
    await fill(5);

    const found = await pages({
      KeyConditionExpression: `targetId = :t AND ${condition}`,
      ExpressionAttributeValues: { ':t': { S: 't' }, ':v': { S: value } },
    });

    expect(found).toEqual([expected]);
  });

  test('Pages of a scan hold every item once', async () => {
    await fill(5);
    const first = await client().send(new ScanCommand({ TableName: deployments, Limit: 3 }));
    const second = await client().send(
      new ScanCommand({ TableName: deployments, ExclusiveStartKey: first.LastEvaluatedKey }),
    );

    expect([...(first.Items ?? []), ...(second.Items ?? [])].map(({ sk }) => sk?.S)).toEqual([
      's0',
      's1',
      's2',
      's3',
      's4',
    ]);
  });
});

describe('a transaction', () => {
  const transact = (...TransactItems: object[]) =>
    client().send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: crypto.randomUUID() }));

  test('A transaction puts, updates, deletes and checks together', async () => {
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

  test('A transaction changes nothing and gives the reasons in order when a condition fails', async () => {
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

  test('A transaction refuses two actions on one item', async () => {
    const sent = transact({ Put: { TableName, Item: key('a') } }, { Delete: { TableName, Key: key('a') } });

    await expect(sent).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('A transaction is done once when its answer was lost and it is sent again', async () => {
    const command = new TransactWriteItemsCommand({
      ClientRequestToken: 'lost-answer',
      TransactItems: [
        { Put: { TableName, Item: key('once'), ConditionExpression: 'attribute_not_exists(pk)' } },
      ],
    });

    await client().send(command);

    await expect(client().send(command)).resolves.toBeDefined();
  });
});

function refusedCondition() {
  return {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}
