// What this stand-in of DynamoDB cannot show: throttling and hot partitions, eventually consistent reads,
// TransactionConflict (a writer waits for the other one), expiry of items, and durability after a loss of power.
// It implements what certferry uses, and refuses every other operation, parameter and expression.
import { ServiceError } from '../http/service-error.ts';
import { batchGetItem, getItem } from './operations/get.ts';
import { query, scan } from './operations/query.ts';
import { createTable, describeTable } from './operations/tables.ts';
import { transactWriteItems } from './operations/transact.ts';
import { prepareDelete, preparePut, prepareUpdate, write } from './operations/write.ts';
import { Database, type OnChange } from './storage/database.ts';
import { databaseError, resultCodeOf } from './storage/database-error.ts';

export interface Engine {
  /**
   * Runs one operation (`GetItem`) on its input in DynamoDB's JSON. Throws ServiceError with DynamoDB's error names, and
   * an error with the database's path when the disk or another process prevents the operation.
   * Blocks the thread: for milliseconds, or as long as other processes write.
   */
  execute(operation: string, input: unknown): object;
  close(): void;
}

export interface EngineOptions {
  /** The database file; without one the database is in memory. */
  readonly path?: string;
  /** Called for each change of an item that this engine has committed, in order. */
  readonly onChange?: OnChange;
}

const operations: Readonly<Record<string, (database: Database, input: unknown) => object>> = {
  BatchGetItem: batchGetItem,
  CreateTable: createTable,
  DeleteItem: (database, input) => write(prepareDelete, database, input),
  DescribeTable: describeTable,
  GetItem: getItem,
  PutItem: (database, input) => write(preparePut, database, input),
  Query: query,
  Scan: scan,
  TransactWriteItems: transactWriteItems,
  UpdateItem: (database, input) => write(prepareUpdate, database, input),
};

/** Opens the database. Any number of engines, threads and processes may have one file open. Throws when it cannot be used. */
export function openEngine({ path, onChange = () => undefined }: EngineOptions = {}): Engine {
  const database = new Database(path, onChange);
  return {
    execute(operation, input) {
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (run === undefined) {
        throw new ServiceError('UnknownOperationException', `local mode does not implement ${operation}`);
      }
      try {
        return run(database, input);
      } catch (error) {
        throw resultCodeOf(error) === null ? error : databaseError(path, 'failed', error);
      }
    },
    close: () => database.close(),
  };
}
