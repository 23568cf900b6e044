import type { AttributeDefinition, CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { type TableShape, tables } from '../../core/deployment/tables.ts';

/** Names of the tables in local mode. The state folder is the account, so they need no suffix. */
export const tableNames = {
  locks: 'certferry-locks',
  registry: 'certferry-registry',
  deployments: 'certferry-deployments',
} as const satisfies Readonly<Record<keyof typeof tables, string>>;

/** The CreateTable request of each table of the stack. */
export const createTableRequests: readonly CreateTableCommandInput[] = Object.entries(tables).map(
  ([key, shape]) => createTableRequest(tableNames[key as keyof typeof tables], shape),
);

function createTableRequest(name: string, shape: TableShape): CreateTableCommandInput {
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
