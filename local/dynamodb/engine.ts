// What this stand-in cannot show: throttling and hot partitions, eventually consistent reads, TransactionConflict (it
// runs one request at a time), the 4 MB bound of a transaction, expiry of items, and a loss of power (LevelDB hands its
// writes to the kernel, so they outlive the process but not the machine).
import type { Operation } from '../http/json-endpoint.ts';
import { ServiceError } from '../http/service-error.ts';
import { createMutex } from '../mutex.ts';
import {
  createStore,
  type DynaliteOperation,
  dynaliteOperations,
  errorMessage,
  errorName,
  isDynaliteError,
  runDynalite,
  type SingleWrite,
  singleWrites,
} from './dynalite.ts';
import { recordingStore } from './recording-store.ts';
import type { Store } from './store.ts';
import { forgetOldTokens, transactWrite } from './transaction.ts';

type Json = Record<string, unknown>;

export interface Engine {
  readonly operations: Readonly<Record<string, Operation>>;
  close(): Promise<void>;
}

/** Thrown when another process has the folder open. */
export const folderLocked = 'LEVEL_LOCKED';

/**
 * Opens dynalite's store (LevelDB under `path`; memory without one) and serves DynamoDB's calls on it, one at a time.
 * Throws an error with `code` {@link folderLocked} when another process has the folder.
 */
export async function openEngine(path?: string): Promise<Engine> {
  const timing = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  const store = createStore(path === undefined ? timing : { ...timing, path });
  await open(store);
  await finishCreation(store);
  await forgetOldTokens(store, Date.now());
  const exclusively = createMutex();
  const serve = (run: Operation): Operation => {
    return (input) => exclusively(() => translated(() => run(input)));
  };
  const single = new Set<string>(singleWrites);
  const entries = dynaliteOperations.map((name): [string, Operation] => [
    name,
    serve((input) =>
      single.has(name) ? write(store, name as SingleWrite, input) : runDynalite(store, name, input),
    ),
  ]);
  return {
    operations: {
      ...Object.fromEntries(entries),
      TransactWriteItems: serve((input) => transactWrite(store, input)),
    },
    close: () => exclusively(() => store.lifecycleManager.gracefulClose()),
  };
}

async function open(store: Store): Promise<void> {
  try {
    await store.db.open();
  } catch (error) {
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
}

interface TableRecord {
  readonly TableStatus: string;
  readonly GlobalSecondaryIndexes?: readonly object[];
}

/** A process killed between a table's creation and its activation would leave it CREATING for good. */
async function finishCreation(store: Store): Promise<void> {
  for await (const [key, value] of store.db.iterator({ gte: 'table~', lt: 'table~\xFF' })) {
    const table = value as TableRecord;
    if (table.TableStatus !== 'CREATING') continue;
    const indexes = table.GlobalSecondaryIndexes?.map((index) => ({ ...index, IndexStatus: 'ACTIVE' }));
    const active = { ...table, TableStatus: 'ACTIVE', ...(indexes && { GlobalSecondaryIndexes: indexes }) };
    await store.db.batch([{ type: 'put', key, value: active }]);
  }
}

/** A single write as one batch, and with the item that was in the condition's way when the caller wants it. */
async function write(store: Store, name: SingleWrite & DynaliteOperation, input: Json): Promise<Json> {
  const recording = recordingStore(store);
  try {
    const result = await runDynalite(recording.store, name, input);
    await store.db.batch(recording.writes);
    return result;
  } catch (error) {
    const wanted = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && recording.existing !== null;
    if (wanted && isDynaliteError(error) && errorName(error) === 'ConditionalCheckFailedException') {
      throw new ServiceError(errorName(error), errorMessage(error), { Item: recording.existing });
    }
    throw error;
  }
}

async function translated<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw isDynaliteError(error) ? new ServiceError(errorName(error), errorMessage(error)) : error;
  }
}
