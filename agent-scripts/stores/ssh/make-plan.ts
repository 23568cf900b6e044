import { dirname } from 'node:path/posix';
import { listNames } from '../../../core/bounds/list-names.ts';
import { factsOfPem, lostNames } from '../../../core/certificate/facts.ts';
import { CertferryError } from '../../../core/errors.ts';
import type { SshConfig } from '../../../core/targets/kinds/ssh.ts';
import { digestOf } from '../../host/digest.ts';
import type { Desired, PlannedStoreChange } from '../store.ts';
import { ownerId } from './owner-ids.ts';
import type { PlannedFile, SshPlan } from './plan.ts';
import type { RemoteFiles } from './remote-files.ts';
import { resolvePath } from './resolve-path.ts';
import { siblingsOf } from './sibling-names.ts';
import { contentOf, type FileSlot, slotsOf } from './wanted-files.ts';

/** What the functions of this kind work on. */
export interface Place {
  readonly server: string;
  readonly config: SshConfig;
  readonly targetId: string;
  readonly deploymentId: string;
  readonly files: RemoteFiles;
}

/**
 * Compares the files on the server with the wanted ones. Only reads.
 * @throws CertferryError PlanInvalid, UnknownOwner, StoreRefused
 */
export async function makePlan(
  place: Place,
  hostKey: string,
  desired: Desired<SshPlan>,
): Promise<PlannedStoreChange<SshPlan>> {
  const { server, files } = place;
  if (!files.extensions.posixRename) throw withoutRename(server);
  const planned =
    desired.kind === 'bundle'
      ? await filesForBundle(place, desired)
      : await filesForPrevious(place, desired.of);
  refuseSharedFile(server, planned);
  const certificate = planned.find(({ role }) => role === 'certificate');
  const installed = certificate === undefined ? null : await installedText(place, planned);
  return {
    plan: { hostKey, files: planned },
    previousVersion: installed === null ? null : factsOfPem(installed),
    warnings: [
      ...(await folderWarnings(place, planned)),
      ...(files.extensions.fsync ? [] : [withoutFlush(server)]),
      ...(installed === null || desired.kind !== 'bundle'
        ? []
        : lostNameWarnings(installed, desired.bundle.leaf)),
    ],
  };
}

/** Leaf and intermediates that the files contain, as one text. Null if there is no certificate. */
export async function installedText(
  { files, config }: Place,
  planned: readonly Pick<PlannedFile, 'role' | 'path'>[],
): Promise<string | null> {
  const read = async (role: PlannedFile['role']): Promise<string | null> => {
    const file = planned.find((one) => one.role === role);
    return file === undefined ? null : ((await files.read(file.path))?.toString('utf8') ?? null);
  };
  const certificate = await read('certificate');
  if (certificate === null || config.certContents === 'fullchain') return certificate;
  const chain = await read('chain');
  // without intermediates, the file for the chain holds the leaf
  return chain === null || chain === certificate ? certificate : certificate + chain;
}

async function filesForBundle(
  place: Place,
  { bundle }: Extract<Desired<SshPlan>, { kind: 'bundle' }>,
): Promise<PlannedFile[]> {
  const { server, config, files } = place;
  const owner = {
    uid: await ownerId(server, files, 'owner', config.owner),
    gid: await ownerId(server, files, 'group', config.group),
  };
  const planned: PlannedFile[] = [];
  for (const slot of slotsOf(config)) {
    const path = await resolvePath(server, files, slot.path);
    const previous = await files.stateOf(path);
    planned.push({
      role: slot.role,
      path,
      ...siblingsOf(path, { ...place, role: slot.role }),
      next: {
        digest: digestOf(contentOf(slot.role, bundle, config)),
        mode: modeOf(slot, previous?.mode),
        uid: owner.uid ?? previous?.uid ?? null,
        gid: owner.gid ?? previous?.gid ?? null,
      },
      previous,
    });
  }
  return planned;
}

const modeOf = ({ mode, defaultMode }: FileSlot, existing: number | undefined): number =>
  mode === undefined ? (existing ?? defaultMode) : Number.parseInt(mode, 8);

/** The files that an earlier plan replaced, from its backups. A file that did not exist before is removed. */
async function filesForPrevious(place: Place, of: SshPlan): Promise<PlannedFile[]> {
  const planned: PlannedFile[] = [];
  for (const { role, path, backup, previous: next } of of.files) {
    if (next !== null) await requireBackup(place, path, backup, next.digest);
    planned.push({
      role,
      path,
      ...siblingsOf(path, { ...place, role }),
      next,
      previous: await place.files.stateOf(path),
    });
  }
  return planned;
}

async function requireBackup(
  { server, files }: Place,
  path: string,
  backup: string,
  digest: string,
): Promise<void> {
  const found = await files.stateOf(backup);
  if (found?.digest === digest) return;
  // a backup exists only of a file that was replaced
  if (found === null && (await files.stateOf(path))?.digest === digest) return;
  throw new CertferryError(
    'PlanInvalid',
    `the previous version of ${path} cannot be restored: its backup ${backup} on ${server} ${found === null ? 'does not exist' : 'has changed'}; deploy that version from its source`,
    { details: { path, backup, server } },
  );
}

function refuseSharedFile(server: string, planned: readonly PlannedFile[]): void {
  const paths = planned.map(({ path }) => path);
  const shared = paths.find((path, index) => paths.indexOf(path) !== index);
  if (shared === undefined) return;
  throw new CertferryError(
    'PlanInvalid',
    `two paths of the target are links to the same file ${shared} on ${server}; configure a different file for each`,
    { details: { path: shared, server } },
  );
}

function withoutRename(server: string): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `the SFTP server of ${server} does not support posix-rename@openssh.com, so a file could only be replaced by removing it first. Install the SFTP server of OpenSSH there. Nothing was changed`,
    { details: { server } },
  );
}

const withoutFlush = (server: string): string =>
  `the SFTP server of ${server} does not support fsync@openssh.com: after a power failure there, the new files could be empty`;

async function folderWarnings({ files, server }: Place, planned: readonly PlannedFile[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const folder of new Set(planned.map(({ path }) => dirname(path)))) {
    const mode = await files.modeOf(folder);
    // without the sticky bit, every user can exchange the files
    if ((mode & 0o1002) === 0o002)
      warnings.push(`every user of ${server} can replace the files in ${folder}`);
  }
  return warnings;
}

/** One warning has room for them. */
const shownNames = { names: 5, bytes: 450 };

function lostNameWarnings(installed: string, leaf: string): string[] {
  const lost = lostNames(installed, leaf);
  return lost.length === 0 ? [] : [`the new certificate no longer covers ${listNames(lost, shownNames)}`];
}
