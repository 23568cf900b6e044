import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Flushes a directory, so that renames, links and removals in it survive a power failure. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Creates a folder that only the agent's user can enter, if it does not exist. Returns its path. */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Marks the temporary files of {@link writeDurably}, so that a later run can remove those of an interrupted one. */
export const temporarySuffix = '.next';

/**
 * Replaces a small file in the agent's own folder atomically: readers, and the next run after a crash, see the previous
 * content or the new one, never a part.
 */
export function writeDurably(path: string, text: string): void {
  const temporary = path + temporarySuffix;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/**
 * Removes temporary files of interrupted runs from the agent's own folder and, at any depth, from `folders` in it. Reads no
 * other folder: as root, local mode keeps its state in the same one. The caller must hold the host lock.
 */
export function removeTemporaries(home: string, folders: readonly string[]): void {
  removeTemporariesOf(home, false);
  for (const folder of folders) removeTemporariesOf(folder, true);
}

function removeTemporariesOf(folder: string, recursive: boolean): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder, { recursive, encoding: 'utf8' })) {
    if (name.endsWith(temporarySuffix)) removeIfExists(join(folder, name));
  }
}

/** Creates and flushes a file that must not exist yet. Its mode is 0600 until `finish` sets the final one. */
export function createExclusively(path: string, bytes: Buffer, finish: (handle: number) => void): void {
  const handle = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(handle, 0o600);
    writeFileSync(handle, bytes);
    finish(handle);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Removes a file or folder. Does nothing if it does not exist. `rmSync` of Node 24 gives no code of an error such as EROFS or EIO
 * (it prints `Unknown error`), and the agent decides by the code.
 */
export function removeIfExists(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    unlinkSync(path);
    return;
  }
  for (const name of readdirSync(path)) removeIfExists(join(path, name));
  rmdirSync(path);
}

/**
 * Path for a temporary file beside `path`. Its name starts with a dot, because haproxy loads every other file of a `crt` folder
 * (https://docs.haproxy.org/3.0/configuration.html#5.1-crt).
 */
export function temporaryBeside(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return `${dirname(path)}/.${name.slice(0, 100)}.certferry-${randomBytes(6).toString('hex')}`;
}
