import { closeSync, constants, fchmodSync, openSync } from 'node:fs';
import type { Change } from '../change/change.ts';
import type { DesiredFile } from '../connectors/desired-change.ts';
import { withFileUser } from '../host/file-user.ts';
import { type Metadata, resolveOwnership, sameMetadata, setMetadata } from '../host/ownership.ts';
import type { Receipt } from '../journal/receipt.ts';

/**
 * Whether all files already have the desired content and a finished deployment installed them. Without such a receipt,
 * the daemon may never have read the files, so they are deployed again.
 */
export function isUnchanged(change: Change, installed: Receipt | null): boolean {
  if (installed === null || installed.change === null) return false;
  const hasVersion = installed.line.version?.fingerprint === change.version.fingerprint;
  const installedDigests = new Map(installed.change.files.map((file) => [file.path, file.digest]));
  return change.files.every(
    (file) =>
      file.previous?.digest === file.digest &&
      // a trigger is the daemon's own configuration, which an operator may have edited
      (file.role === 'trigger' ||
        installedDigests.get(file.path) === file.digest ||
        // another program may have changed other entries
        (file.merged === true && hasVersion && installedDigests.has(file.path))),
  );
}

/**
 * Owner and mode of files that no longer are what they should be. A value that the target configures (`keyMode`, `certMode`,
 * `owner`, `group`) is set again. Any other value stays as it is on disk, because an administrator may have tightened it.
 * Returns one warning for each file. `desired` and `change.files` have the same order.
 */
export function repairOwnership(
  desired: readonly DesiredFile[],
  change: Change,
  installed: Receipt,
): string[] {
  return change.files.flatMap((file, index) => {
    const description = desired[index];
    const deployed = installed.change?.files.find((other) => other.path === file.path);
    if (description === undefined || deployed === undefined || file.previous === null) return [];
    if (file.role === 'trigger') return [];
    const current = file.previous.metadata;
    const wanted = resolveOwnership(description.explicit, current, description.defaults);
    if (sameMetadata(current, wanted)) return driftWarnings(file.path, current, deployed.metadata);
    withFileUser(change.fileUser, () => setPathMetadata(file.path, current, wanted));
    return [`${file.path}: repaired ${formatMetadata(current)} to ${formatMetadata(wanted)}`];
  });
}

function driftWarnings(path: string, current: Metadata, deployed: Metadata): string[] {
  if (sameMetadata(current, deployed)) return [];
  return [
    `${path} has ${formatMetadata(current)}, and the deployment installed it with ${formatMetadata(deployed)}; it was not changed`,
  ];
}

/** First reduces the mode to the common bits, so that a key is never readable by more users than before or after. */
function setPathMetadata(path: string, current: Metadata, wanted: Metadata): void {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fchmodSync(handle, current.mode & wanted.mode);
    setMetadata(handle, wanted);
  } finally {
    closeSync(handle);
  }
}

function formatMetadata({ mode, uid, gid }: Metadata): string {
  return `${mode.toString(8).padStart(4, '0')} ${uid}:${gid}`;
}
