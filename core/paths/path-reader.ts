import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isGroupOf, type PathFacts, type PathReader, requireTrusted } from './trusted-path.ts';

/**
 * Requires that no user except root and the effective user can change a component of the path. `what` names the path's
 * purpose in the error, e.g. "the agent folder", and `otherwise` another way out.
 * @throws CertferryError UntrustedPath
 */
export function requireTrustedPath(what: string, path: string, otherwise = ''): void {
  const uids = trustedUids();
  // not resolved: the kernel follows a link before the `..` behind it
  const absolute = path.startsWith('/') ? path : `${process.cwd()}/${path}`;
  requireTrusted(what, absolute, uids, pathReader(uids), otherwise);
}

/** Root and the effective user. */
export const trustedUids = (): readonly number[] => [0, process.geteuid?.() ?? 0];

/** Reads this host's files. The files passwd(5) and group(5) in `etc` decide which groups contain only a trusted user. */
export function pathReader(uids: readonly number[], etc = '/etc'): PathReader {
  return {
    facts: factsOf,
    isPrivateGroup: (gid) => {
      // few paths have a component that a group may write, so both files are read only for those
      const tables = { passwd: textOf(join(etc, 'passwd')), group: textOf(join(etc, 'group')) };
      return uids.some((uid) => isGroupOf(uid, gid, tables));
    },
  };
}

/** Null if the path does not exist. */
function factsOf(path: string): PathFacts | null {
  const stats = statsOf(path);
  if (stats === null) return null;
  const { uid, gid } = stats;
  const mode = stats.mode & 0o7777;
  if (stats.isSymbolicLink()) return { uid, gid, mode, linkTarget: readlinkSync(path) };
  // if everyone may write, as in /tmp, a list changes nothing, and ls(1) is not started
  const mayHaveList = (mode & 0o022) === 0o020;
  return { uid, gid, mode, linkTarget: null, hasAccessList: mayHaveList && hasAccessList(path) };
}

function statsOf(path: string) {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Whether a path does not exist. ENOTDIR: a component before the last is a file. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * Node cannot read access control lists. The ls of GNU coreutils marks them with a plus sign after the mode. True if the host has
 * another ls, as in bootstrap.sh.
 */
function hasAccessList(path: string): boolean {
  const [listed, version] = [outputOfLs('-ldn', '--', path), outputOfLs('--version')];
  return version?.includes('GNU') !== true || listed === null || !/^[^\s+]+\s/.test(listed);
}

/** Null if ls fails. */
function outputOfLs(...args: string[]): string | null {
  const { status, stdout } = spawnSync('ls', args, { encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

/** Empty if the file does not exist, so that no group is private. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
