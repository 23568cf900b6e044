import type { Repair } from '../../core/deployment/agent-line.ts';
import { manualActivation } from '../activations/activation.ts';
import { activateChange } from '../change/activate-change.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import { restoreFiles } from '../files/restore.ts';
import type { Home } from '../host/home.ts';
import { quoteArgv } from '../host/run-command.ts';
import { writeJournal } from '../journal/journal.ts';

/** The result of {@link undoChange}. */
export type UndoResult =
  | { readonly kind: 'restored' }
  | { readonly kind: 'failed'; readonly why: string; readonly repair: Repair };

/**
 * Restores the previous files of a change and reloads the daemon, which has a new deadline for this. The journal makes
 * the next run complete an interrupted undo. It stays open: the caller writes the receipt first. There is no reload if
 * files could not be restored, or if the daemon still uses the previous files (`keptPrevious`).
 */
export async function undoChange(home: Home, change: Change, keptPrevious = false): Promise<UndoResult> {
  writeJournal(home, 'undoing', change);
  try {
    restoreFiles(change);
  } catch (error) {
    return { kind: 'failed', why: (error as Error).message, repair: repairOf(change, true) };
  }
  if (change.activate === null || keptPrevious) return { kind: 'restored' };
  const reload = await activateChange(change.activate, change);
  if (reload.ok) return { kind: 'restored' };
  return {
    kind: 'failed',
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
      ...(withFiles ? change.files.flatMap(restoreCommands).map(quoteArgv) : []),
      ...(change.activate === null ? [] : [manualActivation(change.activate)]),
    ],
  };
}

function restoreCommands({ role, path, backup, previous }: ChangedFile): string[][] {
  if (previous === null) return [['rm', '-f', '--', path]];
  if (role !== 'trigger') return [['cp', '-p', '--', backup, path]];
  // a daemon that watches a trigger may detect only moves
  const temporary = `${path}.certferry`;
  return [
    ['cp', '-p', '--', backup, temporary],
    ['mv', '-f', '--', temporary, path],
  ];
}
