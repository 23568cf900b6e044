import { CertferryError } from '../../../core/errors.ts';
import type { Place } from './make-plan.ts';
import type { FileState, PlannedFile, SshPlan } from './plan.ts';

/**
 * Keeps every file that will be replaced as a hard link beside it, which shares owner, mode and label with the file. If the server
 * creates no link, the backup is a copy with the same owner and mode.
 * @throws CertferryError StoreConflict if another program has changed a file since the plan; StoreRefused
 */
export async function backUpFiles(place: Place, plan: SshPlan): Promise<void> {
  for (const file of plan.files) await backUp(place, file);
}

/**
 * Renames the staged files to the live paths, in the order of the plan and in one write. A file that a rollback removes is removed.
 * @throws CertferryError StoreConflict, StoreRefused
 */
export async function installStaged({ files }: Place, plan: SshPlan): Promise<void> {
  await files.together(
    plan.files.map(
      ({ next, staged, path }) =>
        () =>
          next === null ? files.remove(path) : files.rename(staged, path),
    ),
  );
}

async function backUp(place: Place, file: PlannedFile): Promise<void> {
  const { files } = place;
  const live = await files.stateOf(file.path);
  // an interrupted run may have installed the file already
  const isInstalled = (live?.digest ?? null) === (file.next?.digest ?? null);
  const isPrevious = isSameState(live, file.previous);
  if (!isPrevious && !isInstalled) throw conflict(place, file.path);
  if (file.previous === null) return;
  const found = await files.stateOf(file.backup);
  if (isSameState(found, file.previous)) return;
  if (!isPrevious) throw conflict(place, file.path);
  // what an interrupted copy left
  if (found !== null) await files.remove(file.backup);
  if (await files.link(file.path, file.backup)) return;
  await copy(place, file.path, file.backup, file.previous);
}

/** Copies a file with its owner and mode. The bytes stay in memory. */
export async function copy(
  { files, server }: Place,
  from: string,
  to: string,
  state: FileState,
): Promise<void> {
  const bytes = await files.read(from);
  if (bytes === null) {
    throw new CertferryError('StoreConflict', `${from} on ${server} was removed by another program`, {
      details: { path: from, server },
    });
  }
  await files.create(to, bytes, state);
}

export function isSameState(one: FileState | null, other: FileState | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.digest === other.digest && one.mode === other.mode && one.uid === other.uid && one.gid === other.gid
  );
}

export function conflict({ server }: Pick<Place, 'server'>, path: string): CertferryError {
  return new CertferryError(
    'StoreConflict',
    `another program has changed ${path} on ${server} since this deployment compared it; its version remains. Find out which program writes the file, then deploy again`,
    { details: { path, server } },
  );
}
