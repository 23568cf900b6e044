import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stateFolders } from './state-entries.ts';
import { requireTrustedEntries, requireTrustedState } from './trusted-state.ts';

/** Everything local mode keeps, under one folder that only its owner may enter. */
export interface StateFolder {
  readonly path: string;
  /** The SQLite file that holds the DynamoDB tables. */
  readonly database: string;
  /** The folder of the LevelDB database that certferry used before SQLite. */
  readonly levelDb: string;
  /** One file an execution; those of Distributed Maps have a folder of their own inside. */
  readonly executions: string;
  /** One folder a bucket. */
  readonly objects: string;
  /** One folder a command. */
  readonly commands: string;
  /** The agent's own folder of each host. */
  readonly hosts: string;
  readonly logs: string;
  /** One file for each run of the agent for `host: lambda`. */
  readonly runs: string;
  /** The file with the key that signs jobs. */
  readonly jobKey: string;
  /** The file with the key that encrypts kept copies. It exists after the first deployment to a target of kind acm. */
  readonly dataKey: string;
}

/**
 * Opens the folder. Creates it if it is missing.
 * @throws CertferryError UntrustedPath if a user other than root and the running one can change the folder, a folder above it
 * or an entry; then nothing was read or changed
 */
export function openStateFolder(directory: string): StateFolder {
  const path = resolve(directory);
  const inside = (name: string) => join(path, name);
  requireTrustedState(path);
  makeFolder(path);
  // in a sticky folder, another user may have created it after the first check
  requireTrustedState(path);
  requireTrustedEntries(path);
  makePrivate(path);
  for (const folder of stateFolders) makePrivate(inside(folder));
  return {
    path,
    executions: inside('executions'),
    objects: inside('objects'),
    commands: inside('commands'),
    hosts: inside('hosts'),
    logs: inside('logs'),
    runs: inside('runs'),
    database: inside('dynamodb.sqlite'),
    levelDb: inside('dynamodb'),
    jobKey: inside('job-key.json'),
    dataKey: inside('data-key.json'),
  };
}

/** A folder that others can read would show them what is deployed. */
function makePrivate(path: string): void {
  makeFolder(path);
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** Node's `recursive` never returns on a file system that reports every new name as missing (/proc). */
function makeFolder(path: string): void {
  if (made(path)) return;
  makeFolder(dirname(path));
  if (!made(path)) mkdirSync(path, { mode: 0o700 });
}

/** Whether it is there now; false where the folder that it is to be in may be missing. */
function made(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return true;
    if (code === 'ENOENT') return false;
    throw error;
  }
}
