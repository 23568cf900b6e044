// Decides whether another user may have written to the state folder. Local mode acts on what the folder contains: its records
// and journals contain commands, which run with the privileges of the user that starts certferry.
import { type Dirent, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing, pathReader, requireTrustedPath, trustedUids } from '../../core/paths/path-reader.ts';
import { requireTrustedEntry } from '../../core/paths/trusted-path.ts';
import { isStateEntry } from './state-entries.ts';

const purpose = 'the state folder';
const otherFolder = '. Or use another state folder with --state DIR';

/**
 * Requires that only root and the running user can change an absolute path. A path that does not exist is trusted. Reads no
 * content. @throws CertferryError UntrustedPath
 */
export function requireTrustedState(path: string): void {
  requireTrustedPath(purpose, path, otherFolder);
}

/**
 * Requires that each entry of a trusted state folder belongs to root or the running user, and that no other user can write
 * to it. What another user has created in a folder of mode 0777 remains there after the mode is corrected.
 *
 * A long history has many more files of commands than any others, and a command line reads few of them. This checks their
 * folders only; {@link requireTrustedFiles} checks the files before a record is read.
 * @throws CertferryError UntrustedPath
 */
export function requireTrustedEntries(path: string): void {
  const check = entryCheck();
  for (const entry of entriesOf(path).filter(({ name }) => isStateEntry(name))) {
    const inner = join(path, entry.name);
    check(inner);
    // an administrator may have moved a folder to another disk and linked it
    if (entry.isSymbolicLink()) requireTrustedTree(realpathSync(inner), depthOf(entry.name), check);
    else if (entry.isDirectory()) requireTrustedTree(inner, depthOf(entry.name), check);
  }
}

/** Requires the same of the files in one folder, e.g. of a command. @throws CertferryError UntrustedPath */
export function requireTrustedFiles(folder: string): void {
  const check = entryCheck();
  check(folder);
  requireTrustedTree(folder, 1, check);
}

const depthOf = (name: string): number => (name === 'commands' ? 1 : Number.POSITIVE_INFINITY);

/** Requires that an entry is trusted. */
type EntryCheck = (path: string) => void;

function entryCheck(): EntryCheck {
  const uids = trustedUids();
  const reader = pathReader(uids);
  return (path) => requireTrustedEntry(purpose, path, uids, reader, otherFolder);
}

function requireTrustedTree(folder: string, depth: number, check: EntryCheck): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isFile() && isBackup(path)) continue;
    check(path);
    if (depth > 1 && entry.isDirectory()) requireTrustedTree(path, depth - 1, check);
  }
}

/**
 * The backup of a live file keeps its owner and its mode (agent-scripts/files/commit.ts). The receipt contains its digest,
 * and the agent restores no other content.
 */
const isBackup = (path: string): boolean => /\/targets\/[^/]+\/backups\/[^/]+\/[^/]+$/.test(path);

/** Another process may remove a folder at any time. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
