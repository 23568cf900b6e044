import type { DatabaseSync } from 'node:sqlite';
import { ServiceError } from '../../http/service-error.ts';
import type { Item } from '../values/attribute-values.ts';
import { openSqlite, withReserve, writeTransaction } from './sqlite.ts';
import { Table, tableSql } from './table.ts';
import type { TableDefinition } from './table-definition.ts';

/** A change of one item, as a stream of DynamoDB carries it with NEW_AND_OLD_IMAGES. */
export interface ItemChange {
  readonly table: string;
  readonly oldImage: Item | null;
  readonly newImage: Item | null;
}

export type OnChange = (change: ItemChange) => void;

/** The SQL transactions of one connection, and the tables behind it. */
export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #path: string | undefined;
  readonly #onChange: OnChange;
  readonly #tables = new Map<string, Table>();
  #changes: ItemChange[] = [];
  #isClosed = false;

  /** Without a path the database is in memory. `onChange` is called for each change after its transaction. */
  constructor(path: string | undefined, onChange: OnChange) {
    this.#path = path;
    this.#sqlite = openSqlite(path);
    this.#onChange = onChange;
  }

  /** Runs `work` in a transaction that excludes all other writers. Nothing is written when it throws. */
  write<Result>(work: () => Result): Result {
    const result = withReserve(this.#path, () => {
      this.#changes = [];
      return writeTransaction(this.#sqlite, work);
    });
    for (const change of this.#changes) this.#onChange(change);
    return result;
  }

  /** Stores the item, or removes it (null), within {@link write}. */
  change(
    table: Table,
    key: { partition: string; sort: string },
    oldImage: Item | null,
    newImage: Item | null,
  ) {
    if (newImage !== null) table.put(key, newImage);
    else if (oldImage !== null) table.remove(key);
    this.#changes.push({ table: table.definition.name, oldImage, newImage });
  }

  /** Throws ResourceNotFoundException. */
  table(name: string): Table {
    const table = this.#find(name);
    if (table === null) {
      throw new ServiceError(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${name} not found`,
      );
    }
    return table;
  }

  /** Tables are never removed, so a known one stays. */
  #find(name: string): Table | null {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const row = this.#sqlite.prepare('SELECT definition FROM tables WHERE name = ?').get(name);
    if (row === undefined) return null;
    const table = new Table(this.#sqlite, JSON.parse(String(row.definition)) as TableDefinition);
    this.#tables.set(name, table);
    return table;
  }

  /** Throws ResourceInUseException. */
  expectNoTable(name: string): void {
    if (this.#find(name) !== null) {
      throw new ServiceError('ResourceInUseException', `Table already exists: ${name}`);
    }
  }

  /** Within {@link write}. Throws ResourceInUseException. */
  createTable(definition: TableDefinition): void {
    this.expectNoTable(definition.name);
    this.#sqlite
      .prepare('INSERT INTO tables (name, definition) VALUES (?, ?)')
      .run(definition.name, JSON.stringify(definition));
    this.#sqlite.exec(tableSql(definition));
  }

  /** The digest of the transaction that was committed with this token after `since` (epoch milliseconds). */
  digestOf(token: string, since: number): string | null {
    const row = this.#sqlite
      .prepare('SELECT digest FROM transaction_tokens WHERE token = ? AND committed_at > ?')
      .get(token, since);
    return row === undefined ? null : String(row.digest);
  }

  /** Within {@link write}: remembers a token, and forgets those from before `since`. */
  rememberToken(token: string, digest: string, since: number): void {
    this.#sqlite.prepare('DELETE FROM transaction_tokens WHERE committed_at <= ?').run(since);
    this.#sqlite
      .prepare('INSERT OR REPLACE INTO transaction_tokens (token, digest, committed_at) VALUES (?, ?, ?)')
      .run(token, digest, Date.now());
  }

  /** A second call does nothing. */
  close(): void {
    // Node 22.13 has no `isOpen`
    if (!this.#isClosed) this.#sqlite.close();
    this.#isClosed = true;
  }
}
