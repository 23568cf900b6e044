import type { Repair } from '../../core/deployment/agent-line.ts';
import { manualActivation } from '../activations/activation.ts';
import { activateChange } from '../change/activate-change.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import { rememberKeysOf } from '../change/keys-of-change.ts';
import { restoreFiles } from '../files/restore.ts';
import type { FileUser } from '../host/file-user.ts';
import type { Home } from '../host/home.ts';
import { quoteArgv } from '../host/run-command.ts';
import { writeJournal } from '../journal/journal.ts';

/** The result of {@link undoChange}. */
export type UndoResult =
  | { readonly kind: 'restored' }
  | {
      readonly kind: 'failed';
      /** `ReloadFailed`: the files are restored, but the daemon did not reload them. */
      readonly reason: 'RestoreFailed' | 'ReloadFailed';
      readonly why: string;
      readonly repair: Repair;
    };

/**
 * Restores the previous files of a change and reloads the daemon, which has a new deadline for this. The journal makes
 * the next run complete an interrupted undo. It stays open: the caller writes the receipt first. There is no reload if
 * files could not be restored, or if the daemon still uses the previous files (`keptPrevious`).
 */
export async function undoChange(home: Home, change: Change, keptPrevious = false): Promise<UndoResult> {
  rememberKeysOf(change.files, change.fileUser ?? null);
  writeJournal(home, 'undoing', change);
  try {
    restoreFiles(change);
  } catch (error) {
    const why = (error as Error).message;
    return { kind: 'failed', reason: 'RestoreFailed', why, repair: repairOf(change, true) };
  }
  if (change.activate === null || keptPrevious) return { kind: 'restored' };
  const reload = await activateChange(change.activate, change);
  if (reload.ok) return { kind: 'restored' };
  return {
    kind: 'failed',
    reason: 'ReloadFailed',
    why: `previous files restored, but the reload failed: ${reload.detail}`,
    repair: repairOf(change, false),
  };
}

/** The paths and shell commands with which an operator completes the rollback. */
function repairOf(change: Change, withFiles: boolean): Repair {
  return {
    files: change.files.map((file) => ({
      path: file.path,
      backup: file.previous === null ? null : file.backup,
    })),
    commands: [
      ...(withFiles ? change.files.flatMap((file) => restoreCommands(file, change.fileUser)) : []),
      ...(change.activate === null ? [] : [manualActivation(change.activate)]),
    ],
  };
}

/** With a `fileUser`, the commands run as that user, who may have planted a link at the path. Only root can read the backup. */
function restoreCommands(
  { role, path, backup, previous }: ChangedFile,
  user: FileUser | undefined,
): string[] {
  const run = (...argv: string[]) =>
    quoteArgv(user === undefined ? argv : ['runuser', '-u', user.name, '--', ...argv]);
  if (previous === null) return [run('rm', '-f', '--', path)];
  const mode = previous.metadata.mode.toString(8);
  const copyTo = (to: string) =>
    user === undefined
      ? run('cp', '-p', '--', backup, to)
      : `${run('install', '-m', mode, '--', '/dev/stdin', to)} < ${quoteArgv([backup])}`;
  if (role !== 'trigger') return [copyTo(path)];
  // a daemon that watches a trigger may detect only moves
  const temporary = `${path}.certferry`;
  return [copyTo(temporary), run('mv', '-f', '--', temporary, path)];
}
