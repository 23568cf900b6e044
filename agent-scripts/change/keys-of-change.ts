import type { FileUser } from '../host/file-user.ts';
import { rememberKeysInFiles } from '../host/known-keys.ts';
import type { Change } from './change.ts';

/** Output with part of a key that a change installs, replaces or restores is withheld from now on. */
export function rememberKeysOf(files: Change['files'], fileUser: FileUser | null): void {
  rememberKeysInFiles(
    files.flatMap(({ path, staged }) => [path, staged]),
    fileUser,
  );
  rememberKeysInFiles(
    files.map(({ backup }) => backup),
    null,
  );
}
