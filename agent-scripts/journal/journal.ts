import * as z from 'zod/mini';
import { withBackupsIn } from '../change/backups-in-home.ts';
import { Change } from '../change/change.ts';
import { removeIfExists, syncDirectory } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { readRecord } from '../host/read-record.ts';
import { writeRecord } from '../host/space-reserve.ts';

/**
 * The progress of a change. The agent writes each phase before the step of that name:
 *
 * | phase      | state of the disk                               | recovery after a crash                      |
 * | ---------- | ----------------------------------------------- | ------------------------------------------- |
 * | staging    | staged files and backups; live files unchanged  | removes staged files and backups            |
 * | committing | some or all live files are new                  | restores the previous files, reloads        |
 * | undoing    | some or all live files are restored             | restores the remaining files, reloads       |
 */
export const Journal = z.strictObject({
  v: z.literal(1),
  phase: z.enum(['staging', 'committing', 'undoing']),
  change: Change,
});
export type Journal = z.infer<typeof Journal>;

/** Writes the journal durably. From now on, the next run recovers this change if this run is interrupted. */
export function writeJournal(home: Home, phase: Journal['phase'], change: Change): void {
  writeRecord(home, home.journal, JSON.stringify({ v: 1, phase, change } satisfies Journal));
}

/** The journal of an interrupted run. Null if there is none. */
export function readJournal(home: Home): Journal | null {
  const nextStep = `compare the files of the last deployment with their backups in ${home.targets}, then remove it`;
  const journal = readRecord(home.journal, Journal, nextStep);
  if (journal === null) return null;
  return { ...journal, change: withBackupsIn(home, journal.change) };
}

/** Removes the journal: the change is complete or reversed. */
export function closeJournal(home: Home): void {
  removeIfExists(home.journal);
  syncDirectory(home.root);
}
