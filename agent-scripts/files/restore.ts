import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import { digestOfFile } from '../host/digest.ts';
import { removeQuietly } from '../host/durable-files.ts';
import { metadataOf, sameMetadata } from '../host/ownership.ts';
import { copyDurably, syncFolders } from './commit.ts';

/**
 * Makes every file of a change what it was before, bytes and metadata, each by one rename; a file that did not exist
 * is removed. May be interrupted and repeated at any point. Backups stay.
 * @throws CertferryError RestoreFailed when a backup is missing or damaged; files that can be restored are
 */
export function restoreFiles(change: Change): void {
  const problems = change.files.map(restoreFile).filter((problem) => problem !== null);
  syncFolders(change);
  if (problems.length === 0) return;
  throw new CertferryError('RestoreFailed', problems.join('; '), {
    details: { paths: change.files.map((file) => file.path) },
  });
}

/** Removes the temporaries of a change, whatever became of it. */
export function removeStaged(change: Change): void {
  for (const file of change.files) removeQuietly(file.staged);
}

type Before = NonNullable<ChangedFile['before']>;

function restoreFile(file: ChangedFile): string | null {
  try {
    removeQuietly(file.staged);
    if (file.before === null) rmSync(file.path, { force: true });
    else if (file.role === 'trigger') moveBack(file, file.before);
    else putBack(file, file.before);
    return null;
  } catch (error) {
    return `${file.path}: ${(error as Error).message}`;
  }
}

function putBack(file: ChangedFile, before: Before): void {
  const now = metadataOf(file.path);
  if (now !== null && sameMetadata(now, before.metadata) && digestOfFile(file.path) === before.digest) return;
  stageBackup(file, before);
  renameSync(file.staged, file.path);
  // rename(2) does nothing when both names are links to one file, and leaves the temporary behind
  removeQuietly(file.staged);
}

/**
 * A watcher sees a trigger's move and nothing else, so it is moved also where its bytes are as before. What somebody has
 * written since to a trigger whose text is not ours stays.
 */
function moveBack(file: ChangedFile, before: Before): void {
  const isTheirs = file.digest === before.digest;
  const now = digestOfFile(file.path);
  const isEdited = isTheirs && now !== null && now !== before.digest;
  if (isEdited || isSameFile(file.backup, file.path)) {
    copyDurably(file.path, file.staged, metadataOf(file.path) ?? before.metadata);
  } else {
    stageBackup(file, before);
  }
  renameSync(file.staged, file.path);
}

function stageBackup(file: ChangedFile, before: Before): void {
  const found = digestOfFile(file.backup);
  if (found !== before.digest) {
    throw new Error(
      found === null ? `its backup ${file.backup} is gone` : `its backup ${file.backup} is damaged`,
    );
  }
  try {
    linkSync(file.backup, file.staged);
  } catch {
    copyDurably(file.backup, file.staged, before.metadata);
  }
}

/** The file was not replaced yet: its backup is a link to it. */
function isSameFile(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && statSync(one).ino === statSync(other).ino;
}
