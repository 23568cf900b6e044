import { existsSync, linkSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change, ChangedFile } from '../change/change.ts';
import { privateFolder, syncDirectory } from '../host/durable-files.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import type { Metadata } from '../host/ownership.ts';
import { copyDurably } from './copy-file.ts';

/**
 * Backs up every file that will be replaced, unless staging has already written its backup. The backup is a hard link,
 * which shares owner, mode, label and time with the file. On another file system, and with a `fileUser`, it is a flushed copy.
 */
export function backUp(change: Change): void {
  const folders = new Set<string>();
  for (const file of change.files) {
    if (file.previous === null || existsSync(file.backup)) continue;
    folders.add(privateFolder(dirname(file.backup)));
    linkOrCopy(file, file.previous.metadata, change.fileUser ?? null);
  }
  for (const folder of folders) syncDirectory(folder);
}

/** Renames the staged files to the live paths, in their order, and makes the renames durable. */
export function installStagedFiles(change: Change): void {
  withFileUser(change.fileUser, () => {
    for (const file of change.files) renameSync(file.staged, file.path);
  });
  syncFolders(change);
}

/** Flushes every folder of a change. */
export function syncFolders(change: Change): void {
  withFileUser(change.fileUser, () => {
    for (const folder of new Set(change.files.map((file) => dirname(file.path)))) syncDirectory(folder);
  });
}

/** A hard link to a file of a `fileUser` would let that user change the backup. */
function linkOrCopy(file: ChangedFile, metadata: Metadata, user: FileUser | null): void {
  if (user === null && linked(file)) return;
  copyDurably({ path: file.path, user }, { path: file.backup, user: null }, metadata);
}

function linked(file: ChangedFile): boolean {
  try {
    linkSync(file.path, file.backup);
    return true;
  } catch (error) {
    // EXDEV: another file system; EPERM: fs.protected_hardlinks, or a file system without links (proc_sys_fs(5))
    if (['EXDEV', 'EPERM', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
