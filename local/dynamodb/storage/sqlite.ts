import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { releaseReserve } from '../../base/space-reserve.ts';
import { databaseError, isDatabaseFull, resultCodeOf, resultCodes } from './database-error.ts';

/** Written into the file's header ("cfry"), so that no other program's database is taken for ours. */
const applicationId = 0x63667279;
/** Of the layout of SQL tables. */
const formatVersion = 1;

/** Longest wait for another process's transaction; each takes milliseconds. It blocks the thread. */
const busyMilliseconds = 20_000;

/**
 * Opens the database file, or a database in memory without a path. The file is created for its owner only. SQLite's
 * own locks let any number of threads and processes use it. Throws when it cannot be used.
 *
 * Durability: in WAL mode with `synchronous = NORMAL` a killed process loses nothing that was committed; a loss of power
 * may lose the last seconds but leaves the file consistent (docs/decisions/0031-one-database-on-sqlite.md).
 */
export function openSqlite(path: string | undefined): DatabaseSync {
  try {
    if (path !== undefined) createPrivately(path);
    return withReserve(path, () => opened(path ?? ':memory:'));
  } catch (error) {
    throw databaseError(path, 'cannot be opened', error);
  }
}

function opened(path: string): DatabaseSync {
  const { DatabaseSync } = sqliteModule();
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${busyMilliseconds}`);
    // SQLite does not wait for the lock here when two connections switch the mode at the same time
    retryWhileBusy(() => database.exec('PRAGMA journal_mode = WAL'));
    database.exec('PRAGMA synchronous = NORMAL');
    retryWhileBusy(() => prepareFormat(database));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareFormat(database: DatabaseSync): void {
  if (isCurrent(database)) return;
  writeTransaction(database, () => {
    // another process may have done it in the meantime
    if (!isCurrent(database)) createFormat(database);
  });
}

/**
 * Does what may need space on the disk. If the disk is full, it gives back the space that the state folder reserves, and does it
 * again: a deployment that has started must be recorded. The reserve is beside the database.
 */
export function withReserve<Result>(path: string | undefined, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (path === undefined || !isDatabaseFull(error) || !releaseReserve(dirname(path))) throw error;
    return work();
  }
}

/** Runs `work` in a transaction that excludes all other writers. Nothing is written when it throws. */
export function writeTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/**
 * After some errors (a full disk) SQLite has already rolled back, and ROLLBACK fails. `isTransaction` would report that,
 * but Node 22.13 does not have it.
 */
function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // no transaction is open
  }
}

function isCurrent(database: DatabaseSync): boolean {
  const [id, version] = [pragma(database, 'application_id'), pragma(database, 'user_version')];
  if (id === applicationId && version === formatVersion) return true;
  if (id === 0 && version === 0 && isEmpty(database)) return false;
  throw new Error(
    id === applicationId
      ? `its format is ${version}, and this version of certferry reads format ${formatVersion} only`
      : 'it belongs to another program',
  );
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT name FROM sqlite_schema LIMIT 1').get() === undefined;
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

function createFormat(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE transaction_tokens (
      token TEXT PRIMARY KEY, digest TEXT NOT NULL, committed_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${formatVersion};
  `);
}

function retryWhileBusy(run: () => void): void {
  const deadline = Date.now() + busyMilliseconds;
  for (;;) {
    try {
      run();
      return;
    } catch (error) {
      if (resultCodeOf(error) !== resultCodes.busy || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/**
 * SQLite itself would create the file with the mode of the umask. An existing file is never opened here: POSIX drops
 * all locks that this process has on a file when any descriptor of it is closed.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Loads `node:sqlite` without the ExperimentalWarning that Node prints before 24.15. */
function sqliteModule(): typeof import('node:sqlite') {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
