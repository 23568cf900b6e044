import * as z from 'zod/mini';
import type { Database } from '../storage/database.ts';
import { CreateTableInput, readDefinition, type TableDefinition } from '../storage/table-definition.ts';
import type { KeySchema } from '../values/key-schema.ts';
import { parseRequest } from './request.ts';

export function createTable(database: Database, input: unknown): object {
  const definition = readDefinition(parseRequest(CreateTableInput, input));
  // a table that exists is the usual case: it needs no lock
  database.expectNoTable(definition.name);
  database.write(() => database.createTable(definition));
  return { TableDescription: description(definition) };
}

const DescribeTableInput = z.strictObject({ TableName: z.string() });

export function describeTable(database: Database, input: unknown): object {
  const { TableName } = parseRequest(DescribeTableInput, input);
  return { Table: description(database.table(TableName).definition) };
}

/** Only what the definition holds: no sizes, counts, ARNs and dates. */
function description({ name, indexes, ...keys }: TableDefinition): object {
  return {
    TableName: name,
    TableStatus: 'ACTIVE',
    KeySchema: keySchema(keys),
    GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, index]) => ({
      IndexName,
      IndexStatus: 'ACTIVE',
      KeySchema: keySchema(index),
      Projection: { ProjectionType: 'ALL' },
    })),
  };
}

function keySchema({ partitionKey, sortKey }: KeySchema) {
  const hash = { AttributeName: partitionKey, KeyType: 'HASH' };
  return sortKey === null ? [hash] : [hash, { AttributeName: sortKey, KeyType: 'RANGE' }];
}
