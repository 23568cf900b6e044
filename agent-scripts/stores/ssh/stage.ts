import { CertferryError } from '../../../core/errors.ts';
import { digestOf } from '../../host/digest.ts';
import { rememberKeysIn } from '../../host/known-keys.ts';
import type { Desired } from '../store.ts';
import type { Place } from './make-plan.ts';
import type { PlannedFile, SshPlan } from './plan.ts';
import { contentOf } from './wanted-files.ts';

/**
 * Writes every new file beside the live one, with its final owner and mode, and flushes it. Live files do not change. Staged files of
 * an interrupted run are replaced.
 * @throws CertferryError StoreRefused; PlanInvalid if a backup that is to be installed is missing
 */
export async function stageFiles(place: Place, plan: SshPlan, desired: Desired<SshPlan>): Promise<void> {
  for (const [index, file] of plan.files.entries()) {
    if (file.next === null) continue;
    const bytes = await contentFor(place, file, index, desired);
    await place.files.remove(file.staged);
    await place.files.create(file.staged, bytes, file.next);
  }
}

export async function removeStaged({ files }: Place, plan: SshPlan): Promise<void> {
  for (const { staged } of plan.files) await files.remove(staged);
}

async function contentFor(
  place: Place,
  file: PlannedFile,
  index: number,
  desired: Desired<SshPlan>,
): Promise<Buffer> {
  const bytes =
    desired.kind === 'bundle'
      ? contentOf(file.role, desired.bundle, place.config)
      : await previousContent(place, file, desired.of.files[index]);
  if (file.role === 'privateKey') rememberKeysIn(bytes);
  if (digestOf(bytes) === file.next?.digest) return bytes;
  throw new CertferryError(
    'PlanInvalid',
    `the content for ${file.path} is not the one of the plan; start the deployment again`,
    { details: { path: file.path } },
  );
}

/** The backup; without one, the file was never replaced. */
async function previousContent(
  { server, files }: Place,
  file: PlannedFile,
  of: PlannedFile | undefined,
): Promise<Buffer> {
  const bytes = (of === undefined ? null : await files.read(of.backup)) ?? (await files.read(file.path));
  if (bytes !== null) return bytes;
  throw new CertferryError(
    'PlanInvalid',
    `the previous version of ${file.path} on ${server} has no backup any more; deploy that version from its source`,
    { details: { path: file.path, server } },
  );
}
