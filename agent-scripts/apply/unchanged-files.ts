import { chmodSync, chownSync } from 'node:fs';
import type { Change } from '../change/change.ts';
import type { DesiredFile } from '../connectors/desired-change.ts';
import { type Metadata, resolveOwnership, sameMetadata } from '../host/ownership.ts';
import type { Receipt } from '../journal/receipt.ts';

/**
 * Whether all files already have the desired content and a finished deployment installed them. Without such a receipt,
 * the daemon may never have read the files, so they are deployed again.
 */
export function isUnchanged(change: Change, installed: Receipt | null): boolean {
  if (installed === null || installed.change === null) return false;
  const installedDigests = new Map(installed.change.files.map((file) => [file.path, file.digest]));
  return change.files.every(
    (file) =>
      file.previous?.digest === file.digest &&
      // a trigger is the daemon's own configuration, which an operator may have edited
      (file.role === 'trigger' || installedDigests.get(file.path) === file.digest),
  );
}

/**
 * Repairs owner and mode of files that differ from the configuration, or if it sets none, from the deployment. Returns one
 * warning for each repaired file. `desired` and `change.files` have the same order.
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
    const expected = resolveOwnership(description.explicit, deployed.metadata, description.defaults);
    if (sameMetadata(current, expected)) return [];
    setMetadata(file.path, current, expected);
    return [`${file.path}: repaired ${formatMetadata(current)} to ${formatMetadata(expected)}`];
  });
}

/** First reduces the mode to the common bits, so that a key is never readable by more users than before or after. */
function setMetadata(path: string, current: Metadata, expected: Metadata): void {
  chmodSync(path, current.mode & expected.mode);
  if (current.uid !== expected.uid || current.gid !== expected.gid) {
    chownSync(path, expected.uid, expected.gid);
  }
  chmodSync(path, expected.mode);
}

function formatMetadata({ mode, uid, gid }: Metadata): string {
  return `${mode.toString(8).padStart(4, '0')} ${uid}:${gid}`;
}
