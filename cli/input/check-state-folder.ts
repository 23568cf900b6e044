import { existsSync, readdirSync } from 'node:fs';
import { UsageError } from '../terminal/errors.ts';
import { systemReason } from './read-files.ts';

/** What local mode keeps there, from the first moment on: several processes may be making it at once. */
const ours = /^(executions|objects|commands|hosts|logs|dynamodb.*|token.*)$/;

/**
 * Looks at what `--state` names before anything is made of it: local mode closes its folder to everybody else, and would
 * do that to any folder. Throws UsageError for one that holds something else, cannot be read or, where `mustExist`, is
 * not there: whoever only looks is told so, and nothing is made.
 */
export function judgeStateFolder(path: string, { mustExist }: { mustExist: boolean }): void {
  if (path === '') throw new UsageError('--state is empty: say a folder');
  if (!existsSync(path)) {
    if (!mustExist) return;
    throw new UsageError(
      `there is no state folder ${path}: nothing was deployed with it yet, or --state DIR names another one`,
    );
  }
  const entries = entriesOf(path);
  const other = entries.find((entry) => !ours.test(entry));
  if (other === undefined || entries.includes('token')) return;
  throw new UsageError(
    `${path} is no state folder: it holds ${other}. Say an empty folder, or one that is not there`,
  );
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** The words for a folder that the system does not let us use. */
export function unusable(path: string, error: unknown): UsageError {
  // what making a folder inside a missing or a read-only one fails with
  const cannotBeMade = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const reason = cannotBeMade ? 'it cannot be made there' : systemReason(error);
  return new UsageError(`cannot use the state folder ${path}: ${reason}`);
}
