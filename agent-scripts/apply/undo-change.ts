import type { Repair } from '../../core/deployment/agent-line.ts';
import { activate, manualActivation } from '../activations/activation.ts';
import type { Change, ChangedFile } from '../change/change.ts';
import { restoreFiles } from '../files/restore.ts';
import type { Home } from '../host/home.ts';
import { quoteArgv } from '../host/run-command.ts';
import { writeJournal } from '../journal/journal.ts';

/** How putting the old files back ended. */
export type UndoResult =
  | { readonly kind: 'restored' }
  | { readonly kind: 'failed'; readonly why: string; readonly repair: Repair };

/**
 * Puts the old files back and lets the daemon read them, under the journal: if this process dies here, the next run
 * finishes it. The reload has a deadline of its own, whatever the failed one used up. The journal stays open: the
 * caller writes the receipt first. A daemon is not told to read a pair that could not be restored as a whole, nor
 * one that it has never left (`kept`).
 */
export async function undoChange(home: Home, change: Change, kept = false): Promise<UndoResult> {
  writeJournal(home, 'undoing', change);
  try {
    restoreFiles(change);
  } catch (error) {
    return { kind: 'failed', why: (error as Error).message, repair: repairOf(change, true) };
  }
  if (change.activate === null || kept) return { kind: 'restored' };
  const reload = await activate(change.activate, change.commandTimeoutSeconds);
  if (reload.ok) return { kind: 'restored' };
  return {
    kind: 'failed',
    why: `the old files are back, but ${reload.told}`,
    repair: repairOf(change, false),
  };
}

/** The paths and commands a person needs, word for word. */
function repairOf(change: Change, filesToo: boolean): Repair {
  const copies = change.files.flatMap(putBackByHand);
  return {
    files: change.files.map((file) => ({
      path: file.path,
      backup: file.before === null ? null : file.backup,
    })),
    commands: [
      ...(filesToo ? copies.map(quoteArgv) : []),
      ...(change.activate === null ? [] : [manualActivation(change.activate)]),
    ],
  };
}

function putBackByHand({ role, path, backup, before }: ChangedFile): string[][] {
  if (before === null) return [['rm', '-f', '--', path]];
  if (role !== 'trigger') return [['cp', '-p', '--', backup, path]];
  // what watches it may see moves only
  const aside = `${path}.certferry`;
  return [
    ['cp', '-p', '--', backup, aside],
    ['mv', '-f', '--', aside, path],
  ];
}
