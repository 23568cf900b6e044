import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Lets daemons that do not run as root traverse a scratch folder, which belongs to root. */
export function openToOthers(folder: string): void {
  for (let at = folder; at !== tmpdir() && at !== '/'; at = dirname(at)) chmodSync(at, 0o755);
}

/** Creates a subfolder that belongs to a user of this machine. */
export function folderOf(user: string, parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  const { uid, gid } = idsOf(user);
  chownSync(folder, uid, gid);
  return folder;
}

/** Numeric ids of a user and its group. */
export function idsOf(user: string): { uid: number; gid: number } {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user);
  if (entry === undefined) throw new Error(`this machine has no user ${user}`);
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}
