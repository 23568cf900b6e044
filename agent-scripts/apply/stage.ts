import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';
import type { ChangedFile } from './change.ts';
import { createExclusively } from './durable.ts';
import { copyLabels } from './labels.ts';
import type { PlannedChange } from './plan.ts';

/**
 * Writes every file's bytes to its temporary, with the owner, mode, extended attributes and security label that the
 * file will have, flushed to disk. Live files are not touched.
 * @throws CertferryError StagingFailed (disk full, no permission); the caller removes what was written
 */
export function stageFiles({ change, contents }: PlannedChange): void {
  for (const [index, file] of change.files.entries()) {
    try {
      createExclusively(file.staged, contents[index] ?? Buffer.alloc(0), (handle) => dress(handle, file));
    } catch (error) {
      throw stagingFailed(file, error);
    }
  }
}

/** Order matters: chown clears set-id bits and ACL masks follow the mode, so the mode comes last. */
function dress(handle: number, file: ChangedFile): void {
  if (file.before !== null) copyLabels(file.path, file.staged);
  const { uid, gid } = fstatSync(handle);
  if (uid !== file.metadata.uid || gid !== file.metadata.gid) {
    fchownSync(handle, file.metadata.uid, file.metadata.gid);
  }
  fchmodSync(handle, file.metadata.mode);
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
