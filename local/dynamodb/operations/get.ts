import * as z from 'zod/mini';
import type { Database } from '../storage/database.ts';
import { keyOfRequest } from '../storage/table-definition.ts';
import { type Item, itemBytes, parseItem } from '../values/attribute-values.ts';
import { invalid } from '../values/invalid.ts';
import { parseRequest, RawItem } from './request.ts';

const GetItemInput = z.strictObject({
  TableName: z.string(),
  Key: RawItem,
  ConsistentRead: z.optional(z.boolean()),
});

export function getItem(database: Database, input: unknown): object {
  const { TableName, Key } = parseRequest(GetItemInput, input);
  const table = database.table(TableName);
  const item = table.get(keyOfRequest(table.definition, parseItem(Key)));
  return item === null ? {} : { Item: item };
}

const KeysOfTable = z.strictObject({ Keys: z.array(RawItem), ConsistentRead: z.optional(z.boolean()) });
const BatchGetItemInput = z.strictObject({ RequestItems: z.record(z.string(), KeysOfTable) });

/** DynamoDB's limits of one batch. */
const maximumKeys = 100;
const maximumResponseBytes = 16 * 1024 * 1024;

export function batchGetItem(database: Database, input: unknown): object {
  const { RequestItems } = parseRequest(BatchGetItemInput, input);
  const tables = Object.entries(RequestItems);
  const count = tables.reduce((sum, [, { Keys }]) => sum + Keys.length, 0);
  if (count === 0) throw invalid('The list of keys of a batch cannot be empty');
  if (count > maximumKeys) throw invalid('Too many items requested for the BatchGetItem call');
  let bytes = 0;
  const fits = (item: Item | null) => {
    bytes += item === null ? 0 : itemBytes(item);
    return bytes <= maximumResponseBytes;
  };
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, z.infer<typeof KeysOfTable>> = {};
  for (const [name, { Keys, ...parameters }] of tables) {
    const { found, rest } = Object.groupBy(itemsOf(database, name, Keys), ([, item]) =>
      fits(item) ? 'found' : 'rest',
    );
    responses[name] = (found ?? []).map(([, item]) => item).filter((item) => item !== null);
    if (rest !== undefined) unprocessed[name] = { Keys: rest.map(([raw]) => raw), ...parameters };
  }
  return { Responses: responses, UnprocessedKeys: unprocessed };
}

type RawKey = z.infer<typeof RawItem>;

function itemsOf(database: Database, name: string, keys: readonly RawKey[]): [RawKey, Item | null][] {
  const table = database.table(name);
  const parsed = keys.map((raw) => [raw, keyOfRequest(table.definition, parseItem(raw))] as const);
  if (new Set(parsed.map(([, key]) => JSON.stringify(key))).size < keys.length) {
    throw invalid('Provided list of item keys contains duplicates');
  }
  return parsed.map(([raw, key]) => [raw, table.get(key)]);
}
