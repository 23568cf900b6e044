import * as z from 'zod/mini';
import type { Item } from '../values/attribute-values.ts';
import { invalid, notImplemented } from '../values/invalid.ts';
import type { KeySchema } from '../values/key-schema.ts';

/** A table, as CreateTable defines it. */
export interface TableDefinition extends KeySchema {
  readonly name: string;
  /** Global secondary indexes by name. They project all attributes. */
  readonly indexes: Readonly<Record<string, KeySchema>>;
}

/** Names become part of SQL text. */
const TableName = z.string().check(z.regex(/^[\w.-]{3,255}$/));
const AttributeName = z.string().check(z.regex(/^\w{1,255}$/));

const Keys = z.array(z.strictObject({ AttributeName, KeyType: z.enum(['HASH', 'RANGE']) }));

export const CreateTableInput = z.strictObject({
  TableName,
  BillingMode: z.literal('PAY_PER_REQUEST'),
  AttributeDefinitions: z.array(z.strictObject({ AttributeName, AttributeType: z.literal('S') })),
  KeySchema: Keys,
  GlobalSecondaryIndexes: z._default(
    z.array(
      z.strictObject({
        IndexName: TableName,
        KeySchema: Keys,
        Projection: z.strictObject({ ProjectionType: z.literal('ALL') }),
      }),
    ),
    [],
  ),
});

export function readDefinition(input: z.infer<typeof CreateTableInput>): TableDefinition {
  const indexes = input.GlobalSecondaryIndexes.map(
    ({ IndexName, KeySchema: keys }) => [IndexName, keySchema(keys)] as const,
  );
  const definition = {
    name: input.TableName,
    ...keySchema(input.KeySchema),
    indexes: Object.fromEntries(indexes),
  };
  const defined = new Set(input.AttributeDefinitions.map((attribute) => attribute.AttributeName));
  const used = new Set([definition, ...Object.values(definition.indexes)].flatMap(attributesOf));
  if (!hasSameElements(defined, used)) {
    throw invalid('Number of attributes in KeySchema does not exactly match number of attributes defined');
  }
  return definition;
}

export function hasSameElements(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((element) => other.has(element));
}

function keySchema(keys: z.infer<typeof Keys>): KeySchema {
  const [partition, sort, ...others] = keys;
  if (
    partition?.KeyType !== 'HASH' ||
    (sort !== undefined && sort.KeyType !== 'RANGE') ||
    others.length > 0
  ) {
    throw notImplemented('a KeySchema other than HASH or HASH, RANGE');
  }
  return { partitionKey: partition.AttributeName, sortKey: sort?.AttributeName ?? null };
}

export function attributesOf({ partitionKey, sortKey }: KeySchema): readonly string[] {
  return sortKey === null ? [partitionKey] : [partitionKey, sortKey];
}

/** The values of an item's key. `sort` is empty in tables without a sort key. */
export interface Key {
  readonly partition: string;
  readonly sort: string;
}

/** DynamoDB's limits, in bytes of UTF-8. */
const maximumPartitionKeyBytes = 2048;
const maximumSortKeyBytes = 1024;

/** The key of an item that is to be stored. Throws ValidationException for a wrong type, and for those of index keys. */
export function keyOfItem(definition: TableDefinition, item: Item): Key {
  for (const attribute of Object.values(definition.indexes).flatMap(attributesOf)) {
    const value = item[attribute];
    if (value === undefined) continue;
    if (!('S' in value)) throw invalid(`Type mismatch for Index Key ${attribute} Expected: S`);
    if (value.S === '') throw emptyKey(attribute);
  }
  return keyOf(definition, item);
}

/** The key that a request names: exactly the key attributes. Throws ValidationException for anything else. */
export function keyOfRequest(definition: TableDefinition, item: Item): Key {
  if (Object.keys(item).length !== attributesOf(definition).length) throw schemaMismatch();
  return keyOf(definition, item);
}

function keyOf({ partitionKey, sortKey }: TableDefinition, item: Item): Key {
  return {
    partition: keyValue(item, partitionKey, maximumPartitionKeyBytes),
    sort: sortKey === null ? '' : keyValue(item, sortKey, maximumSortKeyBytes),
  };
}

function keyValue(item: Item, attribute: string, maximumBytes: number): string {
  const value = item[attribute];
  if (value === undefined || !('S' in value)) throw schemaMismatch();
  if (value.S === '') throw emptyKey(attribute);
  if (Buffer.byteLength(value.S) > maximumBytes) {
    throw invalid(
      `One or more parameter values were invalid: Size of key ${attribute} exceeds ${maximumBytes} bytes`,
    );
  }
  return value.S;
}

const schemaMismatch = () => invalid('The provided key element does not match the schema');

const emptyKey = (attribute: string) =>
  invalid(
    `One or more parameter values are not valid. A value specified for a key is an empty string. Key: ${attribute}`,
  );
