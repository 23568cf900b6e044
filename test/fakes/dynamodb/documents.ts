// The engine of local mode with the interface of the document client, without HTTP and signatures: models run hundreds of
// thousands of commands in an order of their choice.
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { openTables } from '../../../local/dynamodb/open-tables.ts';
import { ServiceError } from '../../../local/http/service-error.ts';

export type Item = Record<string, unknown>;

/** One item that was written. */
export interface WriteRecord {
  readonly table: string;
  readonly before: Item | null;
  readonly after: Item;
}

export interface MemoryDynamoDb {
  readonly documents: DynamoDBDocumentClient;
  /** Runs a command at once; throws what DynamoDB's client would. */
  run(command: object): object;
  /** All items of a table. */
  items(table: string): Item[];
}

const operations = new Map<unknown, string>([
  [BatchGetCommand, 'BatchGetItem'],
  [DeleteCommand, 'DeleteItem'],
  [GetCommand, 'GetItem'],
  [PutCommand, 'PutItem'],
  [QueryCommand, 'Query'],
  [ScanCommand, 'Scan'],
  [TransactWriteCommand, 'TransactWriteItems'],
  [UpdateCommand, 'UpdateItem'],
]);

/** The stack's tables in memory. `onWrite` is called for every item that is written, in order. */
export function memoryDynamoDb(onWrite: (written: WriteRecord) => void = () => {}): MemoryDynamoDb {
  const engine = openTables({
    onChange: ({ table, oldImage, newImage }) => {
      if (newImage === null) return;
      onWrite({ table, before: oldImage === null ? null : plain(oldImage), after: plain(newImage) });
    },
  });
  function run(command: object): object {
    const operation = operations.get(command.constructor);
    if (operation === undefined) throw new Error(`${command.constructor.name} is not implemented here`);
    try {
      return fromWire(engine.execute(operation, toWire((command as { input: Item }).input)));
    } catch (error) {
      throw error instanceof ServiceError ? exception(error) : error;
    }
  }
  const documents = Object.create(DynamoDBDocumentClient.prototype, {
    send: { value: async (command: object) => run(command) },
  }) as DynamoDBDocumentClient;
  const items = (table: string) =>
    (run(new ScanCommand({ TableName: table })) as { readonly Items: Item[] }).Items;
  return { documents, run, items };
}

/** As the document client of the stack: attributes that are undefined are left out. */
const wire = (item: unknown) => marshall(item as Item, { removeUndefinedValues: true });
const plain = (item: unknown): Item => unmarshall(item as Parameters<typeof unmarshall>[0]);

const mapValues = <Value, Result>(object: Record<string, Value>, map: (value: Value) => Result) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));

const requestFields: Readonly<Record<string, (value: never) => unknown>> = {
  Item: wire,
  Key: wire,
  ExclusiveStartKey: wire,
  ExpressionAttributeValues: wire,
  Keys: (keys: Item[]) => keys.map(wire),
  RequestItems: (tables: Record<string, Item>) => mapValues(tables, toWire),
  TransactItems: (actions: Record<string, Item>[]) => actions.map((action) => mapValues(action, toWire)),
};

const responseFields: Readonly<Record<string, (value: never) => unknown>> = {
  Item: plain,
  Attributes: plain,
  LastEvaluatedKey: plain,
  Items: (items: Item[]) => items.map(plain),
  Responses: (tables: Record<string, Item[]>) => mapValues(tables, (items) => items.map(plain)),
};

const toWire = (input: Item): Item => converted(input, requestFields);
const fromWire = (output: object): Item => converted(output, responseFields);

function converted(input: object, fields: typeof requestFields): Item {
  const entries = Object.entries(input).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, fields[name] === undefined ? value : fields[name](value as never)]),
  );
}

function exception({ name, message, fields }: ServiceError): Error {
  const options = { message, $metadata: {}, ...fields };
  if (name === 'ConditionalCheckFailedException') return new ConditionalCheckFailedException(options);
  if (name === 'TransactionCanceledException') return new TransactionCanceledException(options);
  return Object.assign(new Error(message), { name });
}
