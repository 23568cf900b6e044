// Decides whether another user may have written to the state folder. Local mode acts on what the folder contains: its records
// and journals contain commands, which run with the privileges of the user that starts certferry.
import { type Dirent, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import { type PathFacts, requireTrusted } from '../../core/paths/trusted-path.ts';
import { isMissing, pathReader, trustedUids } from './path-facts.ts';
import { isStateEntry } from './state-entries.ts';

const otherFolder = '. Or use another state folder with --state DIR';

/**
 * Requires that only root and the running user can change an absolute path. A path that does not exist is trusted. Reads no
 * content. @throws CertferryError UntrustedPath
 */
export function requireTrustedState(path: string): void {
  requireTrusted('the state folder', path, trustedUids, pathReader, otherFolder);
}

/**
 * Requires that each entry of a trusted state folder belongs to root or the running user, and that no other user can write
 * to it. What another user has created in a folder of mode 0777 remains there after the mode is corrected.
 *
 * A long history has many more files of commands than any others, and a command line reads few of them. This checks their
 * folders only; {@link requireTrustedFiles} checks the files before a record is read.
 * @throws CertferryError UntrustedPath
 */
export function requireTrustedEntries(path: string): void {
  for (const entry of entriesOf(path).filter(({ name }) => isStateEntry(name))) {
    const inner = join(path, entry.name);
    requireTrustedEntry(inner);
    // an administrator may have moved a folder to another disk and linked it
    if (entry.isSymbolicLink()) requireTrustedTree(realpathSync(inner), { depth: depthOf(entry.name) });
    else if (entry.isDirectory()) requireTrustedTree(inner, { depth: depthOf(entry.name) });
  }
}

/** Requires the same of the files in one folder, e.g. of a command. @throws CertferryError UntrustedPath */
export function requireTrustedFiles(folder: string): void {
  requireTrustedEntry(folder);
  requireTrustedTree(folder, { depth: 1 });
}

const depthOf = (name: string): number => (name === 'commands' ? 1 : Number.POSITIVE_INFINITY);

function requireTrustedTree(folder: string, { depth }: { depth: number }): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isFile() && isBackup(path)) continue;
    requireTrustedEntry(path);
    if (depth > 1 && entry.isDirectory()) requireTrustedTree(path, { depth: depth - 1 });
  }
}

/**
 * The backup of a live file keeps its owner and its mode (agent-scripts/files/commit.ts). The receipt contains its digest,
 * and the agent restores no other content.
 */
const isBackup = (path: string): boolean => /\/targets\/[^/]+\/backups\/[^/]+\/[^/]+$/.test(path);

/** An entry of a trusted folder, so only its own owner and mode matter, and everything behind a link. */
function requireTrustedEntry(path: string): void {
  const facts = pathReader.facts(path);
  if (facts === null) return;
  if (!trustedUids.includes(facts.uid)) throw untrustedEntry(path, facts, `remove '${path}'`);
  if (facts.linkTarget !== null) requireTrustedState(path);
  else if (isWritableByOthers(facts)) throw untrustedEntry(path, facts, `run: chmod go-w '${path}'`);
}

function isWritableByOthers({ mode, gid }: PathFacts): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !pathReader.isPrivateGroup(gid));
}

function untrustedEntry(path: string, { uid, gid, mode: bits }: PathFacts, fix: string): CertferryError {
  const mode = bits.toString(8).padStart(4, '0');
  return new CertferryError(
    'UntrustedPath',
    `the state folder is not used: ${path} belongs to uid ${uid}, gid ${gid} with mode ${mode}, so another user may have written it. Check its content, then ${fix}${otherFolder}`,
    { details: { path, component: path, uid, gid, mode } },
  );
}

/** Another process may remove a folder at any time. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
