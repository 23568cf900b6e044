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
 * Keeps what only the daemon holds; then writes every file's bytes to its temporary, with the owner, mode, extended
 * attributes and security label that the file will have, flushed to disk. Live files are not touched.
 * @throws CertferryError StagingFailed (disk full, no permission); the caller removes what was written
 */
export function stageFiles({ change, contents, held }: PlannedChange): void {
  for (const [index, file] of change.files.entries()) {
    try {
      keepHeld(file, held.get(file.path));
      createExclusively(file.staged, contents[index] ?? Buffer.alloc(0), (handle) => dress(handle, file));
    } catch (error) {
      throw stagingFailed(file, error);
    }
  }
}

/** A backup of what no file says; the next step, which keeps the files, finds it made. */
function keepHeld({ path, backup, before }: ChangedFile, text: string | undefined): void {
  if (text === undefined || before === null || digestOfFile(path) === before.digest) return;
  const folder = privateFolder(dirname(backup));
  createExclusively(backup, Buffer.from(text), (handle) => giveTo(handle, before.metadata));
  syncDirectory(folder);
}

/** Order matters: chown clears set-id bits and ACL masks follow the mode, so the mode comes last. */
function dress(handle: number, file: ChangedFile): void {
  if (file.before !== null) copyAttributes(file.path, file.staged);
  giveTo(handle, file.metadata);
}

function giveTo(handle: number, { mode, uid, gid }: Metadata): void {
  const now = fstatSync(handle);
  if (now.uid !== uid || now.gid !== gid) fchownSync(handle, uid, gid);
  fchmodSync(handle, mode);
}

function stagingFailed(file: ChangedFile, cause: unknown): CertferryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full; make room',
    EDQUOT: 'the disk quota is used up; make room',
    EROFS: 'the file system is read-only',
    EACCES: 'the agent may not write there; run it as root',
    EPERM: 'only root may give a file to another owner; run the agent as root or leave owner and group out',
  };
  return new CertferryError(
    'StagingFailed',
    `${file.path}: could not write beside it: ${hint[code ?? ''] ?? message}; nothing was changed`,
    { details: { path: file.path, code: code ?? 'unknown' }, cause },
  );
}
