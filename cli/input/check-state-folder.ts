import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAgentEntry, isStateEntry } from '../../local/base/state-entries.ts';
import { requireTrustedState } from '../../local/base/trusted-state.ts';
import { UsageError } from '../terminal/errors.ts';
import { systemReason } from './read-files.ts';

/**
 * Checks the state folder before it is used, because local mode removes the permissions of other users from its folder. Creates
 * nothing.
 * @throws UsageError if the folder has other content, cannot be read or, with `mustExist`, does not exist
 * @throws CertferryError UntrustedPath if another user can change the folder
 */
export function checkStateFolder(path: string, { mustExist }: { mustExist: boolean }): void {
  if (path === '') throw new UsageError('--state is empty. Name a folder.');
  if (!existsSync(path)) {
    if (!mustExist) return;
    throw new UsageError(
      `the state folder ${path} does not exist. Deploy first, or name another folder with --state DIR.`,
    );
  }
  requireTrustedState(resolve(path));
  const entries = entriesOf(path);
  const other = entries.find((entry) => !isStateEntry(entry) && !isAgentEntry(entry));
  if (other === undefined || entries.includes('token')) return;
  throw new UsageError(`${path} is not a state folder: it contains ${other}. Name an empty or a new folder.`);
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** The error for a folder that this process may not use. */
export function unusable(path: string, error: unknown): UsageError {
  // mkdir fails with ENOENT inside a missing or read-only folder
  const cannotBeCreated = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const reason = cannotBeCreated ? 'it cannot be created there' : systemReason(error);
  return new UsageError(`cannot use the state folder ${path}: ${reason}`);
}
