import {
  BatchGetItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { key, TableName, useEmbeddedDynamoDb } from './embedded-dynamodb.ts';

const { client, get } = useEmbeddedDynamoDb();

describe('a number', () => {
  test.each([
    ['1.50', '1.5'],
    ['-0', '0'],
    ['1e3', '1000'],
    ['0.00000001', '0.00000001'],
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ])('%s is returned as %s', async (written, returned) => {
    await client().send(new PutItemCommand({ TableName, Item: { ...key('a'), n: { N: written } } }));

    expect(await get('a')).toMatchObject({ n: { N: returned } });
  });

  test.each(['1e126', '123456789012345678901234567890123456789', 'x'])('%s is refused', async (written) => {
    const sent = client().send(new PutItemCommand({ TableName, Item: { ...key('a'), n: { N: written } } }));

    await expect(sent).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('A number is added exactly', async () => {
    await client().send(
      new PutItemCommand({ TableName, Item: { ...key('a'), n: { N: '9007199254740993' } } }),
    );
    await client().send(
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
    await client().send(new PutItemCommand({ TableName, Item: item }));
    const names = { '#map': 'map', '#text': 'text', '#list': 'list' };
    const used = <Value>(all: Record<string, Value>) => {
      const entries = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(condition));
      return entries.length === 0 ? undefined : Object.fromEntries(entries);
    };

    const sent = client().send(
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
    await expect(client().send(command as PutItemCommand)).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('A request is refused for a table that does not exist', async () => {
    const sent = client().send(new GetItemCommand({ TableName: 'absent', Key: key('a') }));

    await expect(sent).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
