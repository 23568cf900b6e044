import type { Change } from '../change/change.ts';
import { removeStaged } from '../files/restore.ts';
import { removeIfExists } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { closeJournal } from '../journal/journal.ts';

/** Removes the staged files, backups and journal of a change that has left the live files unchanged. */
export function discardChange(home: Home, change: Change): void {
  removeStaged(change);
  removeIfExists(home.target(change.targetId).backups(change.deploymentId));
  closeJournal(home);
}
