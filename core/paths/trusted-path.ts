import { CertferryError } from '../errors.ts';

/** What lstat(2) reports about one component of a path. `linkTarget` is the text of a symbolic link, else null. */
export interface PathFacts {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, including the sticky bit (0o1000). */
  readonly mode: number;
  readonly linkTarget: string | null;
  /** Whether an access control list (acl(5)) gives rights to more users than the group. The mode of the group limits them. */
  readonly hasAccessList?: boolean;
}

/** Reads one component. `facts` returns null if it does not exist. `isPrivateGroup`: whether only a trusted user is in the group. */
export interface PathReader {
  facts(path: string): PathFacts | null;
  isPrivateGroup(gid: number): boolean;
}

/** The component that other users can change, and how. */
export interface UntrustedComponent {
  readonly path: string;
  readonly facts: PathFacts;
  readonly problem: 'owner' | 'mode';
}

/** Maximum number of symbolic links followed for one path, as in Linux (path_resolution(7)). */
const maximumLinks = 40;

/**
 * The first component of an absolute path that a user other than `trustedUids` can change, from `/` downwards and through
 * symbolic links. Null if there is none. Components that do not exist are trusted: only a trusted user can create them.
 *
 * Each component must belong to a trusted user, and neither its group nor others may write to it (sshd_config(5),
 * StrictModes). There are two exceptions. A group may write if it contains only a trusted user and no access control list
 * names more users. A sticky folder may be writable if the next component belongs to a trusted user: no other user can then
 * rename or remove it (chmod(1)).
 */
export function findUntrusted(
  path: string,
  trustedUids: readonly number[],
  reader: PathReader,
): UntrustedComponent | null {
  let next: Position | null = { current: '/', remaining: namesOf(path), links: 0 };
  while (next !== null) {
    const facts = reader.facts(next.current);
    if (facts === null) return null;
    const problem = problemOf(facts, next, trustedUids, reader);
    if (problem !== null) return { path: next.current, facts, problem };
    next = following(next, facts.linkTarget);
  }
  return null;
}

/** One component during the search, the names that follow it, and the number of links so far. */
interface Position {
  readonly current: string;
  readonly remaining: readonly string[];
  readonly links: number;
}

function problemOf(
  facts: PathFacts,
  { remaining, links }: Position,
  trustedUids: readonly number[],
  reader: PathReader,
): UntrustedComponent['problem'] | null {
  if (!trustedUids.includes(facts.uid)) return 'owner';
  if (facts.linkTarget !== null) return links < maximumLinks ? null : 'mode';
  const protectsNext = (facts.mode & 0o1000) !== 0 && remaining.length > 0;
  return isWritableByOthers(facts, reader) && !protectsNext ? 'mode' : null;
}

function following({ current, remaining, links }: Position, linkTarget: string | null): Position | null {
  if (linkTarget !== null) {
    const start = linkTarget.startsWith('/') ? '/' : parentOf(current);
    return { current: start, remaining: [...namesOf(linkTarget), ...remaining], links: links + 1 };
  }
  const [name, ...rest] = remaining;
  if (name === undefined) return null;
  return { current: name === '..' ? parentOf(current) : join(current, name), remaining: rest, links };
}

/**
 * Requires that no other user can change an entry of a folder that was judged before. Only a symbolic link needs the check of
 * its whole path. The error advises to remove an entry of another user: with another owner, it would be used.
 * @throws CertferryError UntrustedPath
 */
export function requireTrustedEntry(
  what: string,
  path: string,
  trustedUids: readonly number[],
  reader: PathReader,
  otherwise = '',
): void {
  const facts = reader.facts(path);
  if (facts === null) return;
  const problem = problemOf(facts, { current: path, remaining: [], links: 0 }, trustedUids, reader);
  if (problem !== null) {
    const fix = problem === 'owner' ? `remove '${path}'` : `run: chmod go-w '${path}'`;
    throw untrusted(what, { path, facts }, `Check its content, then ${fix}${otherwise}`);
  }
  if (facts.linkTarget !== null) requireTrusted(what, path, trustedUids, reader, otherwise);
}

/**
 * `what` names the path's purpose, and `otherwise` another way out.
 * @throws CertferryError UntrustedPath if another user can change a component of the path
 */
export function requireTrusted(
  what: string,
  path: string,
  trustedUids: readonly number[],
  reader: PathReader,
  otherwise = '',
): void {
  const found = findUntrusted(path, trustedUids, reader);
  if (found === null) return;
  const fix = found.problem === 'owner' ? `chown -h root '${found.path}'` : `chmod go-w '${found.path}'`;
  throw untrusted(`${what} ${path}`, found, `Check what the folder contains, then run: ${fix}${otherwise}`);
}

function untrusted(
  what: string,
  { path, facts: { uid, gid, mode: bits } }: Pick<UntrustedComponent, 'path' | 'facts'>,
  nextStep: string,
): CertferryError {
  const mode = bits.toString(8).padStart(4, '0');
  return new CertferryError(
    'UntrustedPath',
    `${what} is not used: ${path} belongs to uid ${uid}, gid ${gid} with mode ${mode}, so another user can change it. ${nextStep}`,
    { details: { path, uid, gid, mode } },
  );
}

function isWritableByOthers(facts: PathFacts, reader: PathReader): boolean {
  if ((facts.mode & 0o002) !== 0) return true;
  if ((facts.mode & 0o020) === 0) return false;
  return facts.hasAccessList === true || !reader.isPrivateGroup(facts.gid);
}

const namesOf = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.');

const parentOf = (path: string) => path.slice(0, Math.max(1, path.lastIndexOf('/'))) || '/';

const join = (folder: string, name: string) => (folder === '/' ? `/${name}` : `${folder}/${name}`);

/**
 * Whether a group contains only this user: it is the user's primary group, and no other line names it (passwd(5), group(5)).
 * Never for root: the group's bits of a mode are also those of an ACL's mask, so another user might write (acl(5)).
 */
export function isGroupOf(
  uid: number,
  gid: number,
  { passwd, group }: { passwd: string; group: string },
): boolean {
  const users = fieldsOf(passwd);
  const user = users.find((fields) => fields[2] === String(uid));
  const isPrimary = user?.[3] === String(gid);
  const isShared = users.some((fields) => fields[3] === String(gid) && fields[2] !== String(uid));
  const members = fieldsOf(group)
    .filter((fields) => fields[2] === String(gid))
    .flatMap((fields) => (fields[3] ?? '').split(','))
    .filter((name) => name !== '' && name !== user?.[0]);
  return uid !== 0 && isPrimary && !isShared && members.length === 0;
}

const fieldsOf = (table: string) => table.split('\n').map((line) => line.split(':'));
