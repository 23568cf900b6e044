import type { Change } from '../change/change.ts';
import { removeCopies } from '../files/copies.ts';
import { removeStaged } from '../files/restore.ts';
import { removeIfExists } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { closeJournal } from '../journal/journal.ts';

/** Removes the staged files, backups, copies and journal of a change that has left the live files unchanged. */
export function discardChange(home: Home, change: Change): void {
  removeCopies(home, change);
  discardReversed(home, change);
}

/** The same after a change was reversed. In place, its copies are all that is left of the new version, so they stay. */
export function discardReversed(home: Home, change: Change): void {
  if (change.inPlace === undefined) removeCopies(home, change);
  removeStaged(change);
  removeIfExists(home.target(change.targetId).backups(change.deploymentId));
  closeJournal(home);
}
