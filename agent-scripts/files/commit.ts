import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Change, ChangedFile } from '../change/change.ts';
import { privateFolder, syncDirectory } from '../host/durable-files.ts';
import { copyAttributes } from '../host/file-attributes.ts';
import type { Metadata } from '../host/ownership.ts';

/**
 * Backs up every file that will be replaced, unless staging has already written its backup. The backup is a hard link,
 * which shares owner, mode, label and time with the file. On another file system it is a flushed copy.
 */
export function backUp(change: Change): void {
  const folders = new Set<string>();
  for (const file of change.files) {
    if (file.previous === null || existsSync(file.backup)) continue;
    folders.add(privateFolder(dirname(file.backup)));
    linkOrCopy(file, file.previous.metadata);
  }
  for (const folder of folders) syncDirectory(folder);
}

/** Renames the staged files to the live paths, in their order, and makes the renames durable. */
export function installStagedFiles(change: Change): void {
  for (const file of change.files) renameSync(file.staged, file.path);
  syncFolders(change);
}

/** Flushes every folder of a change. */
export function syncFolders(change: Change): void {
  for (const folder of new Set(change.files.map((file) => dirname(file.path)))) syncDirectory(folder);
}

function linkOrCopy(file: ChangedFile, metadata: Metadata): void {
  try {
    linkSync(file.path, file.backup);
  } catch (error) {
    // EXDEV: another file system; EPERM: fs.protected_hardlinks, or a file system without links (proc_sys_fs(5))
    if (!['EXDEV', 'EPERM', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyDurably(file.path, file.backup, metadata);
  }
}

/** Copies content, owner, mode and extended attributes, and flushes them. */
export function copyDurably(from: string, to: string, metadata: Metadata): void {
  closeSync(openSync(to, 'w', 0o600));
  copyFileSync(from, to);
  copyAttributes(from, to);
  if (process.getuid?.() === 0) chownSync(to, metadata.uid, metadata.gid);
  chmodSync(to, metadata.mode);
  const handle = openSync(to, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
