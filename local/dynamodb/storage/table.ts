import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { KeyCondition } from '../expressions/key-condition.ts';
import type { Item } from '../values/attribute-values.ts';
import type { KeySchema } from '../values/key-schema.ts';
import type { Key, TableDefinition } from './table-definition.ts';

/** An item and its key. */
export interface StoredItem extends Key {
  readonly item: Item;
}

/** Where a page begins: behind an item, which has the value `indexSort` for the sort key of the index that is read. */
export interface Start extends Key {
  readonly indexSort?: string | undefined;
}

export interface Range {
  readonly condition: KeyCondition;
  /** Null reads the table itself. */
  readonly index: KeySchema | null;
  readonly forward: boolean;
  readonly after: Start | null;
}

/** The items of one DynamoDB table: a SQL table with an SQL index for each of its indexes. */
export class Table {
  readonly definition: TableDefinition;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, definition: TableDefinition) {
    this.#database = database;
    this.definition = definition;
  }

  get(key: Key): Item | null {
    const statement = this.#prepare(`SELECT item FROM ${this.#items} WHERE partition = ? AND sort = ?`);
    const row = statement.get(key.partition, key.sort);
    return row === undefined ? null : readItem(row);
  }

  put({ partition, sort }: Key, item: Item): void {
    const statement = this.#prepare(
      `INSERT INTO ${this.#items} (partition, sort, item) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET item = excluded.item`,
    );
    statement.run(partition, sort, JSON.stringify(item));
  }

  remove({ partition, sort }: Key): void {
    this.#prepare(`DELETE FROM ${this.#items} WHERE partition = ? AND sort = ?`).run(partition, sort);
  }

  scan(after: Start | null): Iterable<StoredItem> {
    const where = after === null ? '' : 'WHERE (partition, sort) > (?, ?)';
    const statement = this.#prepare(
      `SELECT partition, sort, item FROM ${this.#items} ${where} ORDER BY partition, sort`,
    );
    return stored(statement, after === null ? [] : [after.partition, after.sort]);
  }

  query({ condition, index, forward, after }: Range): Iterable<StoredItem> {
    const columns = index === null ? tableColumns : indexColumns(index);
    const [direction, beyond] = forward ? ['ASC', '>'] : ['DESC', '<'];
    const sort = condition.sort === null ? null : sortClause(columns.sort, condition.sort);
    const clauses = [
      `${columns.partition} = ?`,
      ...columns.required,
      ...(sort === null ? [] : [sort.clause]),
    ];
    const values = [condition.partition, ...(sort?.values ?? [])];
    if (after !== null) {
      const position = [...(index === null ? [] : [after.indexSort ?? '', after.partition]), after.sort];
      clauses.push(`(${columns.order.join(', ')}) ${beyond} (${position.map(() => '?').join(', ')})`);
      values.push(...position);
    }
    const order = columns.order.map((column) => `${column} ${direction}`).join(', ');
    const statement = this.#prepare(
      `SELECT partition, sort, item FROM ${this.#items} WHERE ${clauses.join(' AND ')} ORDER BY ${order}`,
    );
    return stored(statement, values);
  }

  get #items(): string {
    return quoted(`items:${this.definition.name}`);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The SQL that creates a table. Its names have been checked: they hold no quotation mark. */
export function tableSql({ name, indexes }: TableDefinition): string {
  const items = quoted(`items:${name}`);
  const statements = Object.entries(indexes).map(([indexName, index]) => {
    const { partition, order } = indexColumns(index);
    return `CREATE INDEX ${quoted(`index:${name}:${indexName}`)} ON ${items} (${[partition, ...order].join(', ')});`;
  });
  return `
    CREATE TABLE ${items} (
      partition TEXT NOT NULL, sort TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (partition, sort)
    );
    ${statements.join('\n')}
  `;
}

const quoted = (name: string) => `"${name}"`;

interface Columns {
  readonly partition: string;
  readonly sort: string;
  /** Conditions for an item to be in the index at all. */
  readonly required: readonly string[];
  /** After the partition, what makes the order complete. */
  readonly order: readonly string[];
}

const tableColumns: Columns = { partition: 'partition', sort: 'sort', required: [], order: ['sort'] };

/** Items of equal index keys are in the order of their own keys; DynamoDB defines none. */
function indexColumns({ partitionKey, sortKey }: KeySchema): Columns {
  const attribute = (name: string) => `item ->> '$.${name}.S'`;
  const sort = sortKey === null ? "''" : attribute(sortKey);
  return {
    partition: attribute(partitionKey),
    sort,
    required: sortKey === null ? [] : [`${sort} IS NOT NULL`],
    order: [sort, 'partition', 'sort'],
  };
}

function sortClause(column: string, { operator, value }: NonNullable<KeyCondition['sort']>) {
  if (operator !== 'begins_with') return { clause: `${column} ${operator} ?`, values: [value] };
  return { clause: `${column} >= ? AND substr(${column}, 1, length(?)) = ?`, values: [value, value, value] };
}

function* stored(statement: StatementSync, values: readonly SQLInputValue[]): Iterable<StoredItem> {
  for (const row of statement.iterate(...values)) {
    yield { partition: String(row.partition), sort: String(row.sort), item: readItem(row) };
  }
}

function readItem(row: Record<string, unknown>): Item {
  return JSON.parse(String(row.item)) as Item;
}
