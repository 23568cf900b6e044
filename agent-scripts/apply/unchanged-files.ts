import { chmodSync, chownSync } from 'node:fs';
import type { Change } from '../change/change.ts';
import type { DesiredFile } from '../connectors/desired-change.ts';
import { type Metadata, resolveOwnership, sameMetadata } from '../host/ownership.ts';
import type { Receipt } from '../journal/receipt.ts';

/**
 * Whether every byte of a change is already there AND the run that put it there came to its end. Equal bytes without
 * that receipt may never have been read by the daemon, so they are applied again.
 */
export function isUnchanged(change: Change, installed: Receipt | null): boolean {
  if (installed === null || installed.change === null) return false;
  const receipted = new Map(installed.change.files.map((file) => [file.path, file.digest]));
  return change.files.every(
    (file) =>
      file.before?.digest === file.digest &&
      // a trigger is the daemon's own configuration: a person may have edited it since
      (file.role === 'trigger' || receipted.get(file.path) === file.digest),
  );
}

/**
 * Gives files whose owner or mode drifted what the config says, or else what the deployment gave them, and tells.
 * `wanted` and `change.files` are the same files in the same order.
 */
export function repairOwnership(
  wanted: readonly DesiredFile[],
  change: Change,
  installed: Receipt,
): string[] {
  return change.files.flatMap((file, index) => {
    const intent = wanted[index];
    const deployed = installed.change?.files.find((other) => other.path === file.path);
    if (intent === undefined || deployed === undefined || file.before === null) return [];
    if (file.role === 'trigger') return [];
    const now = file.before.metadata;
    const should = resolveOwnership(intent.explicit, deployed.metadata, intent.defaults);
    if (sameMetadata(now, should)) return [];
    repair(file.path, now, should);
    return [`${file.path}: repaired ${show(now)} to ${show(should)}`];
  });
}

/** A mode that shrinks shrinks first, so that a key is at no moment readable by more than before or after. */
function repair(path: string, now: Metadata, should: Metadata): void {
  chmodSync(path, now.mode & should.mode);
  if (now.uid !== should.uid || now.gid !== should.gid) chownSync(path, should.uid, should.gid);
  chmodSync(path, should.mode);
}

function show({ mode, uid, gid }: Metadata): string {
  return `${mode.toString(8).padStart(4, '0')} ${uid}:${gid}`;
}
