import { dirname, join } from 'node:path/posix';
import { isCertferryError } from '../../../core/errors.ts';
import type { Place } from './make-plan.ts';
import type { SshPlan } from './plan.ts';
import { resolvePath } from './resolve-path.ts';
import { belongsTo } from './sibling-names.ts';
import { slotsOf } from './wanted-files.ts';

/**
 * Removes backups that no kept plan names, and temporary files of interrupted runs, in the folders of the target's files. Only files
 * whose name contains the id of this target.
 */
export async function collectFiles(place: Place, kept: readonly SshPlan[]): Promise<void> {
  const needed = new Set(kept.flatMap(({ files }) => files.map(({ backup }) => backup)));
  for (const folder of await foldersOf(place, kept)) {
    for (const name of await place.files.list(folder)) {
      const path = join(folder, name);
      if (belongsTo(place.targetId, path) && !needed.has(path)) await place.files.remove(path);
    }
  }
}

/** Also the folders of earlier configurations that a kept plan names. One that does not exist any more has nothing to remove. */
async function foldersOf(place: Place, kept: readonly SshPlan[]): Promise<ReadonlySet<string>> {
  const folders = new Set(kept.flatMap(({ files }) => files.map(({ path }) => dirname(path))));
  for (const { path } of slotsOf(place.config)) {
    folders.add(dirname(await resolvePath(place.server, place.files, path)));
  }
  const existing = new Set<string>();
  for (const folder of folders) if (await exists(place, folder)) existing.add(folder);
  return existing;
}

async function exists({ files }: Place, folder: string): Promise<boolean> {
  try {
    return (await files.kindOf(folder)) === 'folder';
  } catch (error) {
    if (isCertferryError(error) && error.name === 'StoreRefused') return false;
    throw error;
  }
}
