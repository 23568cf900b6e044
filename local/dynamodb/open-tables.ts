import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type EngineOptions, openEngine } from './engine.ts';
import { createTableRequests } from './stack-tables.ts';

/** Where a state folder has its database. */
export interface DatabaseLocation {
  /** The file. */
  readonly database: string;
  /** The folder of a LevelDB database, which certferry used before SQLite. */
  readonly levelDb: string;
}

/** Opens the database of a state folder with all tables of the stack. Throws when it cannot be used. */
export function openStateDatabase({ database, levelDb }: DatabaseLocation): Engine {
  if (existsSync(join(levelDb, 'CURRENT'))) {
    throw new Error(
      `${levelDb} is the database of an earlier certferry, which this version cannot read. Use another state folder, or remove ${levelDb} to start with an empty history.`,
    );
  }
  return openTables({ path: database });
}

/** Opens a database and creates the tables that it does not have. Several processes may do so at the same time. */
export function openTables(options: EngineOptions = {}): Engine {
  const engine = openEngine(options);
  for (const request of createTableRequests) {
    try {
      engine.execute('CreateTable', request);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error;
    }
  }
  return engine;
}
