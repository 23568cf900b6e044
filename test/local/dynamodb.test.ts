import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createTables, dynamoDbClient } from '../fakes/dynamodb/client.ts';
import { type DynamoDb, startDynamoDb } from '../fakes/dynamodb/start.ts';

const TableName = tableNames.locks;
const key = (pk: string) => ({ pk: { S: pk } });

let server: DynamoDb;
let client: DynamoDBClient;

beforeEach(async () => {
  server = await startDynamoDb();
  client = dynamoDbClient(server.endpoint, { maxAttempts: 1 });
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

  test('The embedded DynamoDB does not give that item unasked', async () => {
    await put('a', 1);
    const { ConditionExpression } = refusedCondition();

    const sent = client.send(new PutItemCommand({ TableName, Item: key('a'), ConditionExpression }));

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

    await client.send(new PutItemCommand({ TableName: deployments, Item: item }));
    const before = await client.send(query);
    await client.send(
      new DeleteItemCommand({ TableName: deployments, Key: { targetId: item.targetId, sk: item.sk } }),
    );
    const after = await client.send(query);

    expect([before.Count, after.Count]).toEqual([1, 0]);
  });

  test('The embedded DynamoDB fifty conditional updates of one item at once count to fifty', async () => {
    const raise = new UpdateItemCommand({
      TableName,
      Key: key('fence'),
      UpdateExpression: 'ADD fence :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    });

    await Promise.all(Array.from({ length: 50 }, () => client.send(raise)));

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
      await client.send(new PutItemCommand({ TableName: deployments, Item }));
    }
  };
  const pages = async (input: Partial<QueryCommandInput>) => {
    const found: string[][] = [];
    let start: QueryCommandInput['ExclusiveStartKey'];
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
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

  test('Pages of a query end after a megabyte', async () => {
    await fill(4, 'x'.repeat(300_000));

    expect(await pages({})).toEqual([['s0', 's1', 's2', 's3'], []]);
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
    const first = await client.send(new ScanCommand({ TableName: deployments, Limit: 3 }));
    const second = await client.send(
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

describe('a number', () => {
  test.each([
    ['1.50', '1.5'],
    ['-0', '0'],
    ['1e3', '1000'],
    ['0.00000001', '0.00000001'],
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ])('%s is returned as %s', async (written, returned) => {
    await client.send(new PutItemCommand({ TableName, Item: { ...key('a'), n: { N: written } } }));

    expect(await get('a')).toMatchObject({ n: { N: returned } });
  });

  test.each(['1e126', '123456789012345678901234567890123456789', 'x'])('%s is refused', async (written) => {
    const sent = client.send(new PutItemCommand({ TableName, Item: { ...key('a'), n: { N: written } } }));

    await expect(sent).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('A number is added exactly', async () => {
    await client.send(new PutItemCommand({ TableName, Item: { ...key('a'), n: { N: '9007199254740993' } } }));
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key: key('a'),
        UpdateExpression: 'ADD n :d',
        ExpressionAttributeValues: { ':d': { N: '0.1' } },
      }),
    );

    expect(await get('a')).toMatchObject({ n: { N: '9007199254740993.1' } });
  });
});

describe('a condition', () => {
  const item = {
    ...key('a'),
    n: { N: '5' },
    text: { S: 'five' },
    map: { M: { nested: { S: 'deep' } } },
    list: { L: [{ N: '1' }, { N: '2' }] },
  };
  const values = {
    ':five': { N: '5.0' },
    ':six': { N: '6' },
    ':text': { S: 'five' },
    ':fi': { S: 'fi' },
    ':deep': { S: 'deep' },
    ':list': { L: [{ N: '1' }, { N: '2' }] },
  };

  test.each([
    ['n = :five', true],
    ['n <> :five', false],
    ['n < :six', true],
    ['n <= :five', true],
    ['n > :six', false],
    ['n >= :five', true],
    ['n = :text', false],
    ['n < :text', false],
    ['absent = :five', false],
    ['absent <> :five', true],
    ['absent < :five', false],
    ['n IN (:six, :five)', true],
    ['attribute_exists(n)', true],
    ['attribute_not_exists(n)', false],
    ['attribute_exists(#map.nested)', true],
    ['#map.nested = :deep', true],
    ['attribute_exists(n.nested)', false],
    ['begins_with(#text, :fi)', true],
    ['#list = :list', true],
    ['n = :six OR n = :five AND #text = :text', true],
    ['(n = :six OR n = :five) AND #text <> :text', false],
  ])('"%s" is %s', async (condition, expected) => {
    await client.send(new PutItemCommand({ TableName, Item: item }));
    const names = { '#map': 'map', '#text': 'text', '#list': 'list' };
    const used = <Value>(all: Record<string, Value>) => {
      const entries = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(condition));
      return entries.length === 0 ? undefined : Object.fromEntries(entries);
    };

    const sent = client.send(
      new DeleteItemCommand({
        TableName,
        Key: key('a'),
        ConditionExpression: condition,
        ExpressionAttributeNames: used(names),
        ExpressionAttributeValues: used(values),
      }),
    );

    if (expected) await expect(sent).resolves.toBeDefined();
    else await expect(sent).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });
});

describe('a request is refused', () => {
  const conditional = (
    ConditionExpression: string,
    ExpressionAttributeValues?: Record<string, { S: string }>,
  ) => new PutItemCommand({ TableName, Item: key('a'), ConditionExpression, ExpressionAttributeValues });
  const updating = (UpdateExpression: string) =>
    new UpdateItemCommand({
      TableName,
      Key: key('a'),
      UpdateExpression,
      ExpressionAttributeValues: { ':v': { S: 'v' } },
    });

  test.each<[string, object]>([
    ['whose expression uses a reserved word', conditional('attribute_exists(name)')],
    ['whose expression has a syntax error', conditional('attribute_exists(a) AND')],
    ['whose expression is empty', conditional('')],
    ['whose expression has redundant parentheses', conditional('((attribute_exists(a)))')],
    ['whose expression calls an unknown function', conditional('exists(a)')],
    ['with an undefined value', conditional('a = :v')],
    ['with an undefined name', conditional('attribute_exists(#a)')],
    ['with a value that no expression uses', conditional('attribute_exists(a)', { ':v': { S: 'v' } })],
    ['that updates a key', updating('SET pk = :v')],
    ['that updates an attribute twice', updating('SET a = :v REMOVE a')],
    ['that has a clause twice', updating('SET a = :v SET b = :v')],
    ['that copies an attribute that does not exist', updating('SET a = absent, b = :v')],
    ['that adds a text', updating('ADD a :v')],
    ['with an empty key', new PutItemCommand({ TableName, Item: key('') })],
    ['without a key', new PutItemCommand({ TableName, Item: { a: { S: 'a' } } })],
    ['whose key is a number', new PutItemCommand({ TableName, Item: { pk: { N: '1' } } })],
    ['with more than the key', new GetItemCommand({ TableName, Key: { ...key('a'), sk: { S: 'b' } } })],
    [
      'whose item is larger than 400 KB',
      new PutItemCommand({ TableName, Item: { ...key('a'), filler: { S: 'x'.repeat(409_600) } } }),
    ],
    [
      'with a key twice in a batch',
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key('a'), key('a')] } } }),
    ],
  ])('%s', async (_what, command) => {
    await expect(client.send(command as PutItemCommand)).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('A request is refused for a table that does not exist', async () => {
    const sent = client.send(new GetItemCommand({ TableName: 'absent', Key: key('a') }));

    await expect(sent).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('a transaction', () => {
  const transact = (...TransactItems: object[]) =>
    client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: crypto.randomUUID() }));

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

    await client.send(command);

    await expect(client.send(command)).resolves.toBeDefined();
  });
});

function refusedCondition() {
  return {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}
