import { closeSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import type { PlannedChange } from '../change/plan.ts';
import { digestOfFile } from '../host/digest.ts';
import { diskProblem } from '../host/disk-space.ts';
import { createExclusively, privateFolder, syncDirectory } from '../host/durable-files.ts';
import { copyAttributes } from '../host/file-attributes.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import { setMetadata } from '../host/ownership.ts';
import { openToRead } from './copy-file.ts';

/**
 * Backs up what only the daemon's memory contains. Then writes every new file beside the live one, with its final owner,
 * mode, extended attributes and security label, and flushes it. Live files do not change.
 * @throws CertferryError StagingFailed (e.g. disk full); the caller removes the staged files
 */
export function stageFiles({ change, contents, daemonMemory }: PlannedChange): void {
  const user = change.fileUser ?? null;
  for (const [index, file] of change.files.entries()) {
    try {
      backUpMemory(file, change, daemonMemory.get(file.path));
      const bytes = contents[index] ?? Buffer.alloc(0);
      withFileUser(user, () =>
        createExclusively(file.staged, bytes, (handle) => setAttributes(handle, file, user)),
      );
    } catch (error) {
      throw stagingFailed(file, error);
    }
  }
}

/** Writes text from the daemon's memory as the backup, unless the file has the same content. */
function backUpMemory(
  { path, backup, previous }: ChangedFile,
  { fileUser }: Change,
  bytes: Buffer | undefined,
): void {
  if (bytes === undefined || previous === null) return;
  if (withFileUser(fileUser, () => digestOfFile(path)) === previous.digest) return;
  const folder = privateFolder(dirname(backup));
  createExclusively(backup, bytes, (handle) => setMetadata(handle, previous.metadata));
  syncDirectory(folder);
}

function setAttributes(handle: number, file: ChangedFile, user: FileUser | null): void {
  // the previous version may be only in the daemon's memory
  if (existsSync(file.path)) {
    const live = openToRead({ path: file.path, user });
    try {
      copyAttributes(live, handle);
    } finally {
      closeSync(live);
    }
  }
  setMetadata(handle, file.metadata);
}

function stagingFailed(file: ChangedFile, cause: unknown): CertferryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint: Readonly<Record<string, string>> = {
    EACCES: 'the agent has no write permission; run it as root',
    EPERM:
      'only root can change the owner of a file; run the agent as root, or do not configure owner and group',
  };
  return new CertferryError(
    'StagingFailed',
    `the staged file for ${file.path} could not be written: ${diskProblem(cause) ?? hint[code ?? ''] ?? message}; nothing was changed`,
    { details: { path: file.path, code: code ?? 'unknown' }, cause },
  );
}
