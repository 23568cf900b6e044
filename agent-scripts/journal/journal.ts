import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as z from 'zod/mini';
import { Change } from '../change/change.ts';
import { syncDirectory, writeDurably } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';

/**
 * How far a change has come, written before the step it names:
 *
 * | phase      | may exist on disk                       | what a crash leads to            |
 * | ---------- | --------------------------------------- | -------------------------------- |
 * | staging    | temporaries, backups; live files as ever | they are removed                |
 * | committing | some live files new, some old           | the old ones are put back, reload |
 * | undoing    | some live files old again               | the undoing is finished, reload  |
 */
export const Journal = z.strictObject({
  v: z.literal(1),
  phase: z.enum(['staging', 'committing', 'undoing']),
  change: Change,
});
export type Journal = z.infer<typeof Journal>;

/** Writes the journal durably: from here on the next run knows what to do. */
export function writeJournal(home: Home, phase: Journal['phase'], change: Change): void {
  writeDurably(home.journal, JSON.stringify({ v: 1, phase, change } satisfies Journal));
}

/** The change that an earlier run left half done; null when there is none. */
export function readJournal(home: Home): Journal | null {
  if (!existsSync(home.journal)) return null;
  return Journal.parse(JSON.parse(readFileSync(home.journal, 'utf8')));
}

/** Nothing is half done any more. */
export function closeJournal(home: Home): void {
  rmSync(home.journal, { force: true });
  syncDirectory(home.root);
}
