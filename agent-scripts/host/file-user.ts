import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';

/** The user of a target's `fileUser`, with the numbers that this host gives to the name. `groups` are the supplementary groups. */
export const FileUser = z.strictObject({
  name: z.string(),
  uid: z.int(),
  gid: z.int(),
  groups: z.array(z.int()),
});
export type FileUser = z.infer<typeof FileUser>;

/**
 * Runs file operations with the privileges of a user, or of the agent if `user` is null. A symbolic link that this user
 * has planted therefore reaches nothing that the user could not reach. `work` must be synchronous: the privileges are those
 * of the whole process, and root keeps them only as the saved user id (credentials(7)).
 */
export function withFileUser<Result>(user: FileUser | null | undefined, work: () => Result): Result {
  if (!user || process.geteuid?.() === user.uid) return work();
  const groups = process.getgroups?.() ?? [];
  const gid = process.getegid?.() ?? 0;
  const uid = process.geteuid?.() ?? 0;
  process.setgroups?.([...user.groups]);
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    return work();
  } finally {
    process.seteuid?.(uid);
    process.setegid?.(gid);
    process.setgroups?.(groups);
  }
}

/**
 * The user of this name or number on this host. Null if the target sets no `fileUser`.
 * @throws CertferryError UnknownOwner if there is none; PlanInvalid if this agent cannot get the privileges of that user
 */
export function findFileUser(principal: string | undefined): FileUser | null {
  if (principal === undefined) return null;
  const user = readUser(principal);
  if (user === null) {
    throw new CertferryError(
      'UnknownOwner',
      `this host has no user "${principal}" in /etc/passwd; create it, or correct fileUser in the target's configuration`,
      { details: { principal } },
    );
  }
  const own = process.getuid?.();
  if (own === 0 || own === user.uid) return user;
  throw new CertferryError(
    'PlanInvalid',
    `fileUser ${principal} needs an agent that runs as root or as ${principal}; this one runs as uid ${own}`,
    { details: { principal } },
  );
}

/** passwd(5): name, password, uid, gid. group(5): name, password, gid, members. */
function readUser(principal: string): FileUser | null {
  const user = tableOf('/etc/passwd').find(([name, , uid]) => name === principal || uid === principal);
  const [name, , uid, gid] = user ?? [];
  if (name === undefined || uid === undefined || gid === undefined) return null;
  const groups = tableOf('/etc/group')
    .filter(([, , , members]) => members?.split(',').includes(name))
    .map(([, , group]) => Number(group));
  return { name, uid: Number(uid), gid: Number(gid), groups: [...new Set([Number(gid), ...groups])] };
}

const tableOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
