import { CertferryError } from '../../../core/errors.ts';
import { conflict, copy, isSameState } from './install.ts';
import type { Place } from './make-plan.ts';
import type { FileState, PlannedFile, SshPlan } from './plan.ts';
import { removeStaged } from './stage.ts';

/**
 * Restores the previous content, owner and mode of every file, each with one rename. Removes files that did not exist before, and
 * what an interrupted deployment left. Can be interrupted and repeated at any point. Backups remain.
 *
 * Staged files are removed before the live files are compared, because the server may perform a rename of a lost connection late.
 * Such a rename is either found by the comparison, or has no file any more.
 * @throws CertferryError StoreConflict, before any file changes, if another program has written a file; RestoreFailed if a
 *   backup is missing or damaged; StoreRefused
 */
export async function restoreFiles(place: Place, plan: SshPlan): Promise<void> {
  await removeStaged(place, plan);
  const live: (FileState | null)[] = [];
  for (const file of plan.files) live.push(await requireOwn(place, file));
  const requests: (() => Promise<void>)[] = [];
  for (const [index, file] of plan.files.entries()) {
    requests.push(...(await prepareRestore(place, file, live[index] ?? null)));
  }
  await place.files.together(requests);
  for (const { restoring } of plan.files) await place.files.remove(restoring);
}

/** The live file: the previous one, or the one that this deployment has installed. */
async function requireOwn(place: Place, { path, next, previous }: PlannedFile): Promise<FileState | null> {
  const live = await place.files.stateOf(path);
  const known = [next?.digest ?? null, previous?.digest ?? null];
  if (known.includes(live?.digest ?? null)) return live;
  throw conflict(place, path);
}

/** The request that restores a file. None if the file is the previous one. */
async function prepareRestore(
  place: Place,
  file: PlannedFile,
  live: FileState | null,
): Promise<(() => Promise<void>)[]> {
  const { files } = place;
  if (isSameState(live, file.previous)) return [];
  if (file.previous === null) return [() => files.remove(file.path)];
  await files.remove(file.restoring);
  await requireBackup(place, file, file.previous);
  if (!(await files.link(file.backup, file.restoring))) {
    await copy(place, file.backup, file.restoring, file.previous);
  }
  // rename(2) does nothing if both names are links to the same file, and leaves the first one: the caller removes it
  return [() => files.rename(file.restoring, file.path)];
}

async function requireBackup(
  { files, server }: Place,
  { path, backup }: PlannedFile,
  previous: FileState,
): Promise<void> {
  const found = await files.stateOf(backup);
  if (found?.digest === previous.digest) return;
  const problem = found === null ? 'does not exist' : 'is damaged';
  throw new CertferryError(
    'RestoreFailed',
    `${path} on ${server} cannot be restored: its backup ${backup} ${problem}; deploy the previous version from its source`,
    { details: { path, backup, server } },
  );
}
