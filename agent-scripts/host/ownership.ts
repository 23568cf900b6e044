import { readFileSync, type Stats, statSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';

/** Mode and owner of one file, as numbers. */
export interface Metadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What the target's config says about a file; what it leaves out is not its business. */
export interface ExplicitOwnership {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** What a kind gives a file that does not exist yet. The first owner or group that this host knows is taken. */
export interface DefaultOwnership {
  readonly mode: number;
  readonly owners: readonly string[];
  readonly groups: readonly string[];
}

/**
 * Mode, owner and group of a file that will be written, each decided on its own: what the config says, else what
 * the existing file has, else the kind's default. An existing key is therefore never widened by a default.
 * @throws CertferryError UnknownOwner when the config names a user or group that this host does not have
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
      firstKnown('user', defaults.owners) ??
      process.getuid?.() ??
      0,
    gid:
      numericId('group', explicit.group) ??
      existing?.gid ??
      firstKnown('group', defaults.groups) ??
      process.getgid?.() ??
      0,
  };
}

/** Mode, owner and group of an existing file; null when there is none. */
export function metadataOf(path: string): Metadata | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : metadataOfStats(stats);
}

/** The permission bits of a stat, without the file type. */
export function metadataOfStats(stats: Stats): Metadata {
  return { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
}

export function sameMetadata(one: Metadata, other: Metadata): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

type Database = 'user' | 'group';
const databases: Readonly<Record<Database, string>> = { user: '/etc/passwd', group: '/etc/group' };

function numericId(database: Database, principal: string | undefined): number | null {
  if (principal === undefined) return null;
  if (/^[0-9]+$/.test(principal)) return Number(principal);
  const id = lookUp(database, principal);
  if (id !== null) return id;
  throw new CertferryError(
    'UnknownOwner',
    `this host has no ${database} "${principal}" in ${databases[database]}; correct config.${database === 'user' ? 'owner' : 'group'} or create it`,
    { details: { principal } },
  );
}

function firstKnown(database: Database, names: readonly string[]): number | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of names) {
    const id = lookUp(database, name);
    if (id !== null) return id;
  }
  return null;
}

/** passwd(5) and group(5): the name is the first field, the number the third. */
function lookUp(database: Database, name: string): number | null {
  for (const line of readFileSync(databases[database], 'utf8').split('\n')) {
    const fields = line.split(':');
    if (fields[0] === name && fields[2] !== undefined) return Number(fields[2]);
  }
  return null;
}
