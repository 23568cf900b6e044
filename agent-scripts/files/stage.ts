import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import type { ChangedFile } from '../change/change.ts';
import type { PlannedChange } from '../change/plan.ts';
import { digestOfFile } from '../host/digest.ts';
import { createExclusively, privateFolder, syncDirectory } from '../host/durable-files.ts';
import { copyAttributes } from '../host/file-attributes.ts';
import type { Metadata } from '../host/ownership.ts';

/**
 * Backs up what only the daemon's memory contains. Then writes every new file beside the live one, with its final owner,
 * mode, extended attributes and security label, and flushes it. Live files do not change.
 * @throws CertferryError StagingFailed (e.g. disk full); the caller removes the staged files
 */
export function stageFiles({ change, contents, daemonMemory }: PlannedChange): void {
  for (const [index, file] of change.files.entries()) {
    try {
      backUpMemory(file, daemonMemory.get(file.path));
      createExclusively(file.staged, contents[index] ?? Buffer.alloc(0), (handle) =>
        setAttributes(handle, file),
      );
    } catch (error) {
      throw stagingFailed(file, error);
    }
  }
}

/** Writes text from the daemon's memory as the backup, unless the file has the same content. */
function backUpMemory({ path, backup, previous }: ChangedFile, text: string | undefined): void {
  if (text === undefined || previous === null || digestOfFile(path) === previous.digest) return;
  const folder = privateFolder(dirname(backup));
  createExclusively(backup, Buffer.from(text), (handle) => setOwnership(handle, previous.metadata));
  syncDirectory(folder);
}

/** The mode comes last: chown clears set-id bits, and the ACL mask follows the mode. */
function setAttributes(handle: number, file: ChangedFile): void {
  if (file.previous !== null) copyAttributes(file.path, file.staged);
  setOwnership(handle, file.metadata);
}

function setOwnership(handle: number, { mode, uid, gid }: Metadata): void {
  const now = fstatSync(handle);
  if (now.uid !== uid || now.gid !== gid) fchownSync(handle, uid, gid);
  fchmodSync(handle, mode);
}

function stagingFailed(file: ChangedFile, cause: unknown): CertferryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full; free some space',
    EDQUOT: 'the disk quota is exhausted; free some space',
    EROFS: 'the file system is read-only',
    EACCES: 'the agent has no write permission; run it as root',
    EPERM:
      'only root can change the owner of a file; run the agent as root, or do not configure owner and group',
  };
  return new CertferryError(
    'StagingFailed',
    `the staged file for ${file.path} could not be written: ${hint[code ?? ''] ?? message}; nothing was changed`,
    { details: { path: file.path, code: code ?? 'unknown' }, cause },
  );
}
