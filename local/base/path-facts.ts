import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { isGroupOf, type PathFacts, type PathReader } from '../../core/paths/trusted-path.ts';

/** The users whose files local mode may use: root and the user that runs certferry. */
export const trustedUids: readonly number[] = [0, process.geteuid?.() ?? 0];

/** Reads this machine's files, and decides with passwd(5) and group(5) which groups contain only a trusted user. */
export const pathReader: PathReader = {
  facts: factsOf,
  isPrivateGroup(gid) {
    // only a component that a group may write needs these files
    const tables = { passwd: textOf('/etc/passwd'), group: textOf('/etc/group') };
    return trustedUids.some((uid) => isGroupOf(uid, gid, tables));
  },
};

/** Null if the path does not exist, or leads through a file. */
function factsOf(path: string): PathFacts | null {
  try {
    const { uid, gid, mode, isLink } = statsOf(path);
    return { uid, gid, mode, linkTarget: isLink ? readlinkSync(path) : null };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function statsOf(path: string) {
  const stats = lstatSync(path);
  return { uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777, isLink: stats.isSymbolicLink() };
}

/** Whether a file does not exist. Another process may have removed it after it was listed. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Empty if the file cannot be read, so that no group is private. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
