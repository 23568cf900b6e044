import { existsSync, linkSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import { digestOfFile } from '../host/digest.ts';
import { diskProblem } from '../host/disk-space.ts';
import { removeIfExists } from '../host/durable-files.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import { metadataOf, sameMetadata } from '../host/ownership.ts';
import { syncFolders } from './commit.ts';
import { copyDurably } from './copy-file.ts';

/**
 * Restores the previous content and metadata of every file of a change, each with one rename. Removes files that did not
 * exist before. Can be interrupted and repeated at any point. Backups remain.
 * @throws CertferryError RestoreFailed if a folder is untrusted, or a backup is missing or damaged; all other files are restored
 */
export function restoreFiles(change: Change): void {
  const user = change.fileUser ?? null;
  const problems = change.files.map((file) => restoreFile(file, user)).filter((problem) => problem !== null);
  syncFolders(change);
  if (problems.length === 0) return;
  throw new CertferryError('RestoreFailed', problems.join('; '), {
    details: { paths: change.files.map((file) => file.path) },
  });
}

/** Removes the staged files of a change that still exist. */
export function removeStaged(change: Change): void {
  withFileUser(change.fileUser, () => {
    for (const file of change.files) removeIfExists(file.staged);
  });
}

type PreviousFile = NonNullable<ChangedFile['previous']>;

function restoreFile(file: ChangedFile, user: FileUser | null): string | null {
  try {
    withFileUser(user, () => {
      requireTrustedPath('the folder', dirname(file.path));
      removeIfExists(file.staged);
    });
    if (file.previous === null) withFileUser(user, () => removeIfExists(file.path));
    else if (file.role === 'trigger') restoreTrigger(file, file.previous, user);
    else restoreBackup(file, file.previous, user);
    return null;
  } catch (error) {
    // e.g. a staged file on a disk that is read-only now; the live file was not replaced
    if (diskProblem(error) !== null && withFileUser(user, () => isPrevious(file))) return null;
    return `${file.path}: ${diskProblem(error) ?? (error as Error).message}`;
  }
}

function restoreBackup(file: ChangedFile, previous: PreviousFile, user: FileUser | null): void {
  if (withFileUser(user, () => isRestored(file, previous))) return;
  stageBackup(file, previous, user);
  withFileUser(user, () => {
    renameSync(file.staged, file.path);
    // rename(2) does nothing if both names are links to the same file, and leaves the staged name
    removeIfExists(file.staged);
  });
}

function isPrevious(file: ChangedFile): boolean {
  return file.previous === null ? !existsSync(file.path) : isRestored(file, file.previous);
}

function isRestored(file: ChangedFile, previous: PreviousFile): boolean {
  const current = metadataOf(file.path);
  return (
    current !== null &&
    sameMetadata(current, previous.metadata) &&
    digestOfFile(file.path) === previous.digest
  );
}

/**
 * A daemon that watches a trigger detects only moves, so the file is moved even if its content is unchanged. If the
 * deployment did not change its content but an operator has edited it since, the edit remains.
 */
function restoreTrigger(file: ChangedFile, previous: PreviousFile, user: FileUser | null): void {
  const live = withFileUser(user, () => ({
    digest: digestOfFile(file.path),
    metadata: metadataOf(file.path) ?? previous.metadata,
  }));
  const isUnchangedByUs = file.digest === previous.digest;
  const isEdited = isUnchangedByUs && live.digest !== null && live.digest !== previous.digest;
  if (isEdited || (user === null && isSameFile(file.backup, file.path))) {
    copyDurably({ path: file.path, user }, { path: file.staged, user }, live.metadata);
  } else {
    stageBackup(file, previous, user);
  }
  withFileUser(user, () => renameSync(file.staged, file.path));
}

function stageBackup(file: ChangedFile, previous: PreviousFile, user: FileUser | null): void {
  const digest = digestOfFile(file.backup);
  if (digest !== previous.digest) {
    const problem = digest === null ? 'does not exist' : 'is damaged';
    throw new Error(`the backup ${file.backup} ${problem}`);
  }
  if (user === null && linked(file)) return;
  copyDurably({ path: file.backup, user: null }, { path: file.staged, user }, previous.metadata);
}

function linked(file: ChangedFile): boolean {
  try {
    linkSync(file.backup, file.staged);
    return true;
  } catch {
    return false;
  }
}

/** Whether both paths are links to the same file: the live file was not replaced yet. */
function isSameFile(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && statSync(one).ino === statSync(other).ino;
}
