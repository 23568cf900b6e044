// Cannot show: the wire, a request's validation, throttling, conflicts of transactions, indexes, pages, expiry.
// Held against the embedded database by test/fakes/dynamodb/documents.test.ts.
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type TableShape, tables } from '../../../core/deployment/tables.ts';
import { tableNames } from '../../../local/dynamodb/create-tables.ts';
import { applyUpdate, holds, type Item } from './expressions.ts';

/** One item that was written. */
export interface Written {
  readonly table: string;
  readonly before: Item | null;
  readonly after: Item;
}

export interface MemoryDynamoDb {
  readonly documents: DynamoDBDocumentClient;
  /** Runs a command at once; throws what DynamoDB's client would. */
  run(command: object): object;
  /** The items of a table, as they are. */
  items(table: string): Item[];
}

interface Action {
  readonly TableName?: string | undefined;
  readonly Key?: Item | undefined;
  readonly Item?: Item | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly UpdateExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
  readonly ReturnValuesOnConditionCheckFailure?: string | undefined;
}

/** The stack's tables in memory. `onWrite` hears of every item that is written, in order. */
export function memoryDynamoDb(onWrite: (written: Written) => void = () => {}): MemoryDynamoDb {
  const stored = new Map<string, Map<string, Item>>();
  const tableOf = (name = '') => stored.get(name) ?? stored.set(name, new Map()).get(name) ?? new Map();
  const find = ({ TableName, Key, Item }: Action) => tableOf(TableName).get(keyText(TableName, Key ?? Item));

  function write({ TableName = '' }: Action, after: Item): void {
    const key = keyText(TableName, after);
    const before = tableOf(TableName).get(key) ?? null;
    tableOf(TableName).set(key, after);
    onWrite({ table: TableName, before, after });
  }

  /** What the action would leave; null when its condition does not hold. `undefined`: it writes nothing. */
  function judge(action: Action): Item | null | undefined {
    const before = find(action) ?? null;
    const given = {
      names: action.ExpressionAttributeNames ?? {},
      values: action.ExpressionAttributeValues ?? {},
    };
    const { ConditionExpression: condition, UpdateExpression: change } = action;
    if (condition !== undefined && !holds(condition, before, given)) return null;
    if (action.Item !== undefined) return without(action.Item);
    if (change === undefined) return undefined;
    const after = { ...(before ?? action.Key) };
    applyUpdate(change, before ?? {}, after, given);
    return after;
  }

  function one(action: Action): Item {
    const after = judge(action);
    if (after === null) throw refused(action, find(action));
    if (after !== undefined) write(action, after);
    return { Attributes: structuredClone(after) };
  }

  function together(actions: readonly Action[]): Item {
    const judged = actions.map((action) => [action, judge(action)] as const);
    if (judged.some(([, after]) => after === null)) throw cancelled(judged, find);
    for (const [action, after] of judged) if (after) write(action, after);
    return {};
  }

  function get(input: Action): Item {
    const found = find(input);
    return found === undefined ? {} : { Item: structuredClone(found) };
  }

  function getMany({ RequestItems = {} }: BatchGetCommand['input']): Item {
    const found = Object.entries(RequestItems).map(([TableName, { Keys = [] }]) => [
      TableName,
      Keys.flatMap((Key) => structuredClone(find({ TableName, Key })) ?? []),
    ]);
    return { Responses: Object.fromEntries(found) };
  }

  function run(command: object): object {
    if (command instanceof GetCommand) return get(command.input);
    if (command instanceof PutCommand || command instanceof UpdateCommand)
      return one(command.input as Action);
    if (command instanceof TransactWriteCommand) {
      return together((command.input.TransactItems ?? []).map((item) => Object.values(item)[0] as Action));
    }
    if (command instanceof BatchGetCommand) return getMany(command.input);
    if (command instanceof QueryCommand) return { Items: query(command.input) };
    throw new Error(`this fake knows no ${command.constructor.name}`);
  }

  function query({ TableName, KeyConditionExpression = '', ...input }: QueryCommand['input']): Item[] {
    const given = {
      names: input.ExpressionAttributeNames ?? {},
      values: input.ExpressionAttributeValues ?? {},
    };
    const found = [...tableOf(TableName).values()].filter((item) =>
      holds(KeyConditionExpression, item, given),
    );
    const sorted = found.sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1));
    return structuredClone(input.ScanIndexForward === false ? sorted.reverse() : sorted);
  }

  const documents = Object.create(DynamoDBDocumentClient.prototype, {
    send: { value: async (command: object) => run(command) },
  }) as DynamoDBDocumentClient;
  return { documents, run, items: (table) => structuredClone([...tableOf(table).values()]) };
}

const shapes = new Map<string, TableShape>(
  Object.entries(tables).map(([name, shape]) => [tableNames[name as keyof typeof tables], shape]),
);

function keyText(table = '', item: Item = {}): string {
  const shape = shapes.get(table);
  if (shape === undefined) throw new Error(`this fake has no table ${table}`);
  return 'sortKey' in shape
    ? `${item[shape.partitionKey]}\n${item[shape.sortKey]}`
    : String(item[shape.partitionKey]);
}

/** As the document client of the stack does: attributes that are undefined are left out. */
const without = (item: Item): Item =>
  structuredClone(Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)));

const told = (item: Item | undefined) => item && marshall(item, { removeUndefinedValues: true });

function refused({ ReturnValuesOnConditionCheckFailure: wanted }: Action, item: Item | undefined) {
  return new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: {},
    ...(wanted === 'ALL_OLD' &&
      item !== undefined && { Item: marshall(item, { removeUndefinedValues: true }) }),
  });
}

function cancelled(
  judged: readonly (readonly [Action, Item | null | undefined])[],
  find: (action: Action) => Item | undefined,
) {
  const reasons = judged.map(([action, after]) => {
    if (after !== null) return { Code: 'None' };
    const item = action.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? told(find(action)) : undefined;
    return { Code: 'ConditionalCheckFailed', ...(item !== undefined && { Item: item }) };
  });
  return new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: {},
    CancellationReasons: reasons,
  });
}
