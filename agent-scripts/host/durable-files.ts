import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Flushes a directory, so that the renames, links and removals done in it survive a power cut. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A folder that only the agent's user may enter, made when it is missing. */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** How the temporaries of {@link writeDurably} end, so that those of a dead run can be told and removed. */
const temporarySuffix = '.next';

/**
 * Replaces a small file of the agent's own so that a reader, and the next run after a crash, sees the old content or
 * the new, never a part.
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

/** Removes the temporaries that a dead run left below the agent's own folder. Only for the holder of the host's lock. */
export function sweepTemporaries(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith(temporarySuffix)) rmSync(join(folder, name), { force: true });
  }
}

/** Creates a file that must not exist yet, 0600 until its final mode is set, and flushes it. */
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

/** Removes what may or may not be there. */
export function removeQuietly(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/**
 * Name of a temporary beside `path`. It begins with a dot: haproxy loads every other file of a `crt` directory
 * (https://docs.haproxy.org/3.0/configuration.html#5.1-crt).
 */
export function temporaryBeside(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return `${dirname(path)}/.${name.slice(0, 100)}.certferry-${randomBytes(6).toString('hex')}`;
}
