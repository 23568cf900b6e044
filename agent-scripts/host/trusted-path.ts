import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { isGroupOf, type PathFacts, type PathReader, requireTrusted } from '../../core/paths/trusted-path.ts';

/**
 * Requires that no user except root, the running user and `extraUids` can change a component of an absolute path. `what` names
 * the path's purpose in the error, e.g. "the agent's folder".
 * @throws CertferryError UntrustedPath
 */
export function requireTrustedPath(what: string, path: string, extraUids: readonly number[] = []): void {
  const trustedUids = [0, process.geteuid?.() ?? 0, ...extraUids];
  requireTrusted(what, path, trustedUids, pathReader(trustedUids));
}

/** Reads this host's files, and decides with its passwd(5) and group(5) which groups contain only a trusted user. */
export function pathReader(trustedUids: readonly number[]): PathReader {
  return {
    facts: factsOf,
    isPrivateGroup: (gid) => {
      // most paths have no component that a group may write, so both files are read only when one does
      const tables = { passwd: textOf('/etc/passwd'), group: textOf('/etc/group') };
      return trustedUids.some((uid) => isGroupOf(uid, gid, tables));
    },
  };
}

/** Null if the path does not exist. A component that is not a folder ends the path as well. */
function factsOf(path: string): PathFacts | null {
  const stats = statsOf(path);
  if (stats === null) return null;
  const linkTarget = stats.isSymbolicLink() ? readlinkSync(path) : null;
  return { uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777, linkTarget };
}

function statsOf(path: string) {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** Empty if the file does not exist, so that no group is private. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
