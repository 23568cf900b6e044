import { execFileSync } from 'node:child_process';
import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { group, type PathCase, passwd } from '../core/paths/path-cases.ts';

/** A case on the real file system: its paths below `base`, which stands in for `/`. Needs root. */
export interface PathTree {
  readonly base: string;
  /** A folder with passwd and group. */
  readonly etc: string;
  remove(): void;
}

export function pathTree({ paths }: Pick<PathCase, 'paths'>): PathTree {
  const root = mkdtempSync(join(tmpdir(), 'certferry tree '));
  chmodSync(root, 0o755);
  const [base, etc] = [join(root, 'base'), join(root, 'etc')];
  for (const folder of [base, etc]) {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
  writeFileSync(join(etc, 'passwd'), passwd);
  writeFileSync(join(etc, 'group'), group);
  for (const [path, { uid, gid, mode, linkTarget, hasAccessList }] of Object.entries(paths)) {
    const real = join(base, path);
    if (linkTarget === null) mkdirSync(real);
    else symlinkSync(linkTarget.startsWith('/') ? join(base, linkTarget) : linkTarget, real);
    lchownSync(real, uid, gid);
    if (linkTarget !== null) continue;
    if (hasAccessList === true) execFileSync('setfacl', ['-m', 'user:65534:rwx', real]);
    chmodSync(real, mode);
  }
  return { base, etc, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** A command that runs as the user `uid` on a host whose passwd(5) and group(5) are those of the tree. */
export function asUser(uid: number, { etc }: PathTree): readonly string[] {
  const mounts = `mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && shift && exec "$@"`;
  const user = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  return ['unshare', '--mount', 'sh', '-c', mounts, 'sh', etc, ...user];
}
