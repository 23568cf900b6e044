import { fchmodSync, fchownSync, fstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';

/** Mode and owner of one file, as numbers. */
export interface Metadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Mode, owner and group that the target's configuration sets. Missing fields are not set. */
export interface ExplicitOwnership {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** Mode, owner and group of a new file. The first owner and the first group that exist on this host apply. */
export interface DefaultOwnership {
  readonly mode: number;
  readonly owners: readonly string[];
  readonly groups: readonly string[];
}

/**
 * Mode, owner and group of a file to write. For each of the three: the configuration, else the existing file, else the
 * default of the kind. A default therefore never makes an existing key readable to more users.
 * @throws CertferryError UnknownOwner if the configuration names a user or group that does not exist on this host
 */
export function resolveOwnership(
  explicit: ExplicitOwnership,
  existing: Metadata | null,
  defaults: DefaultOwnership,
): Metadata {
  return {
    mode: explicit.mode === undefined ? (existing?.mode ?? defaults.mode) : Number.parseInt(explicit.mode, 8),
    uid:
      numericId('user', explicit.owner) ??
      existing?.uid ??
      firstExisting('user', defaults.owners) ??
      process.geteuid?.() ??
      0,
    gid:
      numericId('group', explicit.group) ??
      existing?.gid ??
      firstExisting('group', defaults.groups) ??
      process.getegid?.() ??
      0,
  };
}

/** Mode, owner and group of a file. Null if it does not exist. */
export function metadataOf(path: string): Metadata | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : metadataOfStats(stats);
}

/** Owner and permission bits of a stat result, without the file type. */
export function metadataOfStats(stats: Stats): Metadata {
  return { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
}

/** Sets owner, group and mode of an open file. The mode comes last: chown clears set-id bits, and the ACL mask follows it. */
export function setMetadata(handle: number, { mode, uid, gid }: Metadata): void {
  const now = fstatSync(handle);
  if (now.uid !== uid || now.gid !== gid) fchownSync(handle, uid, gid);
  fchmodSync(handle, mode);
}

export function sameMetadata(one: Metadata, other: Metadata): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

type Database = 'user' | 'group';
const databases: Readonly<Record<Database, string>> = { user: '/etc/passwd', group: '/etc/group' };

function numericId(database: Database, principal: string | undefined): number | null {
  if (principal === undefined) return null;
  if (/^[0-9]+$/.test(principal)) return Number(principal);
  const id = findId(database, principal);
  if (id !== null) return id;
  throw new CertferryError(
    'UnknownOwner',
    `this host has no ${database} "${principal}" in ${databases[database]}; create it, or correct ${database === 'user' ? 'owner' : 'group'} in the target's configuration`,
    { details: { principal } },
  );
}

function firstExisting(database: Database, names: readonly string[]): number | null {
  if (process.geteuid?.() !== 0) return null;
  for (const name of names) {
    const id = findId(database, name);
    if (id !== null) return id;
  }
  return null;
}

/** passwd(5) and group(5): the name is the first field, the number the third. */
function findId(database: Database, name: string): number | null {
  for (const line of readFileSync(databases[database], 'utf8').split('\n')) {
    const fields = line.split(':');
    if (fields[0] === name && fields[2] !== undefined) return Number(fields[2]);
  }
  return null;
}
