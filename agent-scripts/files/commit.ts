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
 * Keeps every file that will be replaced in the agent's own folder, but for what is kept there already because only the
 * daemon held it. A hard link is the same inode: owner, mode, label and time come for free; on another file system it is
 * a copy with its metadata, flushed.
 */
export function backUp(change: Change): void {
  const folders = new Set<string>();
  for (const file of change.files) {
    if (file.before === null || existsSync(file.backup)) continue;
    folders.add(privateFolder(dirname(file.backup)));
    keep(file, file.before.metadata);
  }
  for (const folder of folders) syncDirectory(folder);
}

/** Puts the staged files in place, key and certificate back to back, and makes the renames durable. */
export function installStagedFiles(change: Change): void {
  for (const file of change.files) renameSync(file.staged, file.path);
  syncFolders(change);
}

/** Flushes every folder that a change renames files in. */
export function syncFolders(change: Change): void {
  for (const folder of new Set(change.files.map((file) => dirname(file.path)))) syncDirectory(folder);
}

function keep(file: ChangedFile, metadata: Metadata): void {
  try {
    linkSync(file.path, file.backup);
  } catch (error) {
    // EXDEV: another file system; EPERM: fs.protected_hardlinks, or a file system without links (proc_sys_fs(5))
    if (!['EXDEV', 'EPERM', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyDurably(file.path, file.backup, metadata);
  }
}

/** Copies bytes, owner, mode and labels, and flushes them. */
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
