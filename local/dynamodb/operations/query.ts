import * as z from 'zod/mini';
import { parseKeyCondition } from '../expressions/key-condition.ts';
import { Placeholders } from '../expressions/placeholders.ts';
import type { Database } from '../storage/database.ts';
import type { Start, StoredItem } from '../storage/table.ts';
import {
  attributesOf,
  hasSameElements,
  keyOfItem,
  type TableDefinition,
} from '../storage/table-definition.ts';
import { type Item, itemBytes, parseItem } from '../values/attribute-values.ts';
import { invalid } from '../values/invalid.ts';
import type { KeySchema } from '../values/key-schema.ts';
import { parseRequest, placeholderParameters, RawItem } from './request.ts';

const pageParameters = {
  TableName: z.string(),
  ConsistentRead: z._default(z.boolean(), false),
  Limit: z.optional(z.int().check(z.positive())),
  ExclusiveStartKey: z.optional(RawItem),
};

const QueryInput = z.strictObject({
  ...pageParameters,
  ...placeholderParameters,
  IndexName: z.optional(z.string()),
  KeyConditionExpression: z.string(),
  ScanIndexForward: z._default(z.boolean(), true),
});

export function query(database: Database, input: unknown): object {
  const request = parseRequest(QueryInput, input);
  const table = database.table(request.TableName);
  const index = request.IndexName === undefined ? null : indexOf(table.definition, request.IndexName);
  if (index !== null && request.ConsistentRead) {
    throw invalid('Consistent reads are not supported on global secondary indexes');
  }
  const placeholders = new Placeholders(request);
  const condition = parseKeyCondition(
    request.KeyConditionExpression,
    placeholders,
    index ?? table.definition,
  );
  placeholders.expectAllUsed();
  const start = startOf(table.definition, index, request.ExclusiveStartKey);
  if (start !== null && start.condition !== condition.partition) {
    throw invalid('The provided starting key is outside query boundaries based on provided conditions');
  }
  const items = table.query({ condition, index, forward: request.ScanIndexForward, after: start });
  return page(items, { definition: table.definition, index, limit: request.Limit });
}

const ScanInput = z.strictObject(pageParameters);

export function scan(database: Database, input: unknown): object {
  const request = parseRequest(ScanInput, input);
  const table = database.table(request.TableName);
  const items = table.scan(startOf(table.definition, null, request.ExclusiveStartKey));
  return page(items, { definition: table.definition, index: null, limit: request.Limit });
}

function indexOf({ indexes }: TableDefinition, name: string): KeySchema {
  const index = Object.hasOwn(indexes, name) ? indexes[name] : undefined;
  if (index === undefined) throw invalid(`The table does not have the specified index: ${name}`);
  return index;
}

/** `condition` is the partition key of what is read. */
function startOf(
  definition: TableDefinition,
  index: KeySchema | null,
  raw: z.infer<typeof RawItem> | undefined,
): (Start & { readonly condition: string }) | null {
  if (raw === undefined) return null;
  const item = parseItem(raw);
  if (!hasSameElements(keyAttributes(definition, index), new Set(Object.keys(item)))) {
    throw invalid('The provided starting key is invalid');
  }
  const text = (attribute: string | null) => {
    const value = attribute === null ? undefined : item[attribute];
    return value !== undefined && 'S' in value ? value.S : '';
  };
  const key = keyOfItem(definition, item);
  if (index === null) return { ...key, condition: key.partition };
  return { ...key, condition: text(index.partitionKey), indexSort: text(index.sortKey) };
}

function keyAttributes(definition: TableDefinition, index: KeySchema | null): Set<string> {
  return new Set([definition, ...(index === null ? [] : [index])].flatMap(attributesOf));
}

/** DynamoDB ends a page with the item that reaches this size. */
const maximumPageBytes = 1024 * 1024;

interface PageOptions {
  readonly definition: TableDefinition;
  readonly index: KeySchema | null;
  readonly limit: number | undefined;
}

/**
 * A page that ends at `limit` has a LastEvaluatedKey even if no item follows. One that ends at the size has it only if an
 * item follows: DynamoDB Local does the same.
 */
function page(stored: Iterable<StoredItem>, { definition, index, limit }: PageOptions): object {
  const items: Item[] = [];
  let bytes = 0;
  const cut = () => ({
    ...result(items),
    LastEvaluatedKey: keyIn(items.at(-1) ?? {}, keyAttributes(definition, index)),
  });
  for (const { item } of stored) {
    if (bytes >= maximumPageBytes) return cut();
    items.push(item);
    bytes += itemBytes(item);
    if (items.length === limit) return cut();
  }
  return result(items);
}

const result = (items: readonly Item[]) => ({
  Items: items,
  Count: items.length,
  ScannedCount: items.length,
});

function keyIn(item: Item, attributes: ReadonlySet<string>): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => attributes.has(name)));
}
