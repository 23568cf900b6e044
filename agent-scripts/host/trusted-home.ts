import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathReader, requireTrustedPath, trustedUids } from '../../core/paths/path-reader.ts';
import { requireTrustedEntry } from '../../core/paths/trusted-path.ts';
import { privateFolder, temporarySuffix } from './durable-files.ts';
import type { Home } from './home.ts';
import { acquireLock } from './locks.ts';

const purpose = 'the agent folder';

/**
 * Creates the agent's own folder if it does not exist, and acquires the host lock in it. First requires that no other user
 * can change the folder or its parents. Then, under the lock, requires the same of every entry that the agent uses.
 * bootstrap.sh has checked `bin` and `compiled`. Backups keep the owner and the mode of the daemon's files, and only the
 * agent can enter their folder. `waitSeconds`: the maximum wait for the lock.
 * @throws CertferryError UntrustedPath, HostBusy
 */
export function lockTrustedHome(home: Home, waitSeconds: number): void {
  requireTrustedPath(purpose, home.root);
  if (!existsSync(home.root)) {
    privateFolder(home.root);
    // in a sticky folder, another user can create the path at the same time
    requireTrustedPath(purpose, home.root);
  }
  requireTrustedPath(purpose, home.lock);
  acquireLock(home.lock, waitSeconds);
  const uids = trustedUids();
  const reader = pathReader(uids);
  for (const path of entriesOf(home)) requireTrustedEntry(purpose, path, uids, reader);
}

/** Only what the agent uses: as root, local mode keeps its state in the same folder. A folder comes before its content. */
function* entriesOf(home: Home): Generator<string> {
  const { root, lock, locks, keys, acceptedJobs, journal, reserve, scratch, targets } = home;
  const files = [keys, acceptedJobs, journal, reserve];
  yield* [lock, scratch, ...files, ...files.map((file) => `${file}${temporarySuffix}`)];
  for (const folder of [locks, targets]) {
    yield folder;
    yield* entriesBelow(root, relative(root, folder));
  }
}

function* entriesBelow(root: string, folder: string): Generator<string> {
  if (!isFolder(join(root, folder))) return;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isBackup(path)) continue;
    yield join(root, path);
    if (entry.isDirectory()) yield* entriesBelow(root, path);
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The path is relative to the agent's own folder. */
const isBackup = (path: string): boolean => /^targets\/[^/]+\/backups\/[^/]+\/./.test(path);
