import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { type TableShape, tables } from '../../core/deployment/tables.ts';

/** Names of the tables in local mode. The state folder is the account, so they need no suffix. */
export const tableNames = {
  locks: 'certferry-locks',
  registry: 'certferry-registry',
  deployments: 'certferry-deployments',
} as const satisfies Readonly<Record<keyof typeof tables, string>>;

/** Creates the tables that are missing and waits until all can be used. Several callers at once do no harm. */
export async function createTables(endpoint: string, accessKeyId = 'local'): Promise<void> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'unused' },
  });
  try {
    for (const [key, shape] of Object.entries(tables)) {
      await createTable(client, tableNames[key as keyof typeof tables], shape);
    }
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, name: string, shape: TableShape): Promise<void> {
  try {
    if (await isActive(client, name)) return;
    await client.send(new CreateTableCommand(definition(name, shape)));
  } catch (error) {
    // another process was quicker
    if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error;
  }
  while (!(await isActive(client, name))) await sleep(5);
}

async function isActive(client: DynamoDBClient, name: string): Promise<boolean> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    return Table?.TableStatus === 'ACTIVE';
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}

function definition(name: string, shape: TableShape): CreateTableCommandInput {
  const indexes = Object.entries(shape.indexes);
  const keys = [shape, ...indexes.map(([, index]) => index)].flatMap(({ partitionKey, sortKey }) =>
    sortKey === undefined ? [partitionKey] : [partitionKey, sortKey],
  );
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...new Set(keys)].map(
      (AttributeName): AttributeDefinition => ({ AttributeName, AttributeType: 'S' }),
    ),
    KeySchema: keySchema(shape),
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map(([IndexName, index]) => ({
        IndexName,
        KeySchema: keySchema(index),
        Projection: { ProjectionType: 'ALL' as const },
      })),
    }),
  };
}

function keySchema({ partitionKey, sortKey }: { partitionKey: string; sortKey?: string }) {
  const hash = { AttributeName: partitionKey, KeyType: 'HASH' as const };
  return sortKey === undefined ? [hash] : [hash, { AttributeName: sortKey, KeyType: 'RANGE' as const }];
}
