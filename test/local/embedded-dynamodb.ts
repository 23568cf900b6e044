import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach } from 'vitest';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createTables, dynamoDbClient } from '../fakes/dynamodb/client.ts';
import { type DynamoDb, startDynamoDb } from '../fakes/dynamodb/start.ts';

/** The table that the tests of the engine write to. */
export const TableName = tableNames.locks;

export const key = (pk: string) => ({ pk: { S: pk } });

/** A database with the tables of the stack for each test, and a client that does not retry. */
export function useEmbeddedDynamoDb() {
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

  return {
    client: () => client,
    put: (pk: string, n: number) =>
      client.send(new PutItemCommand({ TableName, Item: { ...key(pk), n: { N: String(n) } } })),
    async get(pk: string) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: key(pk), ConsistentRead: true }),
      );
      return Item;
    },
  };
}
