import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import { digestOfFile } from '../host/digest.ts';
import { removeIfExists } from '../host/durable-files.ts';
import { metadataOf, sameMetadata } from '../host/ownership.ts';
import { copyDurably, syncFolders } from './commit.ts';

/**
 * Restores the previous content and metadata of every file of a change, each with one rename. Removes files that did not
 * exist before. Can be interrupted and repeated at any point. Backups remain.
 * @throws CertferryError RestoreFailed if a backup is missing or damaged; all other files are restored
 */
export function restoreFiles(change: Change): void {
  const problems = change.files.map(restoreFile).filter((problem) => problem !== null);
  syncFolders(change);
  if (problems.length === 0) return;
  throw new CertferryError('RestoreFailed', problems.join('; '), {
    details: { paths: change.files.map((file) => file.path) },
  });
}

/** Removes the staged files of a change that still exist. */
export function removeStaged(change: Change): void {
  for (const file of change.files) removeIfExists(file.staged);
}

type PreviousFile = NonNullable<ChangedFile['previous']>;

function restoreFile(file: ChangedFile): string | null {
  try {
    removeIfExists(file.staged);
    if (file.previous === null) rmSync(file.path, { force: true });
    else if (file.role === 'trigger') restoreTrigger(file, file.previous);
    else restoreBackup(file, file.previous);
    return null;
  } catch (error) {
    return `${file.path}: ${(error as Error).message}`;
  }
}

function restoreBackup(file: ChangedFile, previous: PreviousFile): void {
  const current = metadataOf(file.path);
  const isRestored =
    current !== null &&
    sameMetadata(current, previous.metadata) &&
    digestOfFile(file.path) === previous.digest;
  if (isRestored) return;
  stageBackup(file, previous);
  renameSync(file.staged, file.path);
  // rename(2) does nothing if both names are links to the same file, and leaves the staged name
  removeIfExists(file.staged);
}

/**
 * A daemon that watches a trigger detects only moves, so the file is moved even if its content is unchanged. If the
 * deployment did not change its content but an operator has edited it since, the edit remains.
 */
function restoreTrigger(file: ChangedFile, previous: PreviousFile): void {
  const isUnchangedByUs = file.digest === previous.digest;
  const current = digestOfFile(file.path);
  const isEdited = isUnchangedByUs && current !== null && current !== previous.digest;
  if (isEdited || isSameFile(file.backup, file.path)) {
    copyDurably(file.path, file.staged, metadataOf(file.path) ?? previous.metadata);
  } else {
    stageBackup(file, previous);
  }
  renameSync(file.staged, file.path);
}

function stageBackup(file: ChangedFile, previous: PreviousFile): void {
  const digest = digestOfFile(file.backup);
  if (digest !== previous.digest) {
    const problem = digest === null ? 'does not exist' : 'is damaged';
    throw new Error(`the backup ${file.backup} ${problem}`);
  }
  try {
    linkSync(file.backup, file.staged);
  } catch {
    copyDurably(file.backup, file.staged, previous.metadata);
  }
}

/** Whether both paths are links to the same file: the live file was not replaced yet. */
function isSameFile(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && statSync(one).ino === statSync(other).ino;
}
