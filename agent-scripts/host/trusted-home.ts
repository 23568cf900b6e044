import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { requireTrustedEntry } from '../../core/paths/trusted-path.ts';
import { privateFolder } from './durable-files.ts';
import type { Home } from './home.ts';
import { acquireLock } from './locks.ts';
import { pathReader, requireTrustedPath, trustedUids } from './trusted-path.ts';

const purpose = 'the agent folder';

/**
 * Creates the agent's own folder if it does not exist, and acquires the host lock in it. Requires first that no other user can
 * change the folder or its parents, then, under the lock, the same of every entry below it. bootstrap.sh has checked `bin` and
 * `compiled`. Backups keep the owner and the mode of the daemon's files, and only the agent can enter their folder.
 * @throws CertferryError UntrustedPath, HostBusy
 */
export function lockTrustedHome(home: Home): void {
  requireTrustedPath(purpose, home.root);
  if (!existsSync(home.root)) {
    privateFolder(home.root);
    // in a sticky folder, another user can create the path at the same time
    requireTrustedPath(purpose, home.root);
  }
  requireTrustedPath(purpose, home.lock);
  acquireLock(home.lock);
  const uids = trustedUids();
  const reader = pathReader(uids);
  for (const path of entriesOf(home.root, '')) {
    requireTrustedEntry(purpose, join(home.root, path), uids, reader);
  }
}

/** A folder comes before its content. */
function* entriesOf(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isCheckedElsewhere(path)) continue;
    yield path;
    if (entry.isDirectory()) yield* entriesOf(root, path);
  }
}

/** Paths relative to the agent's own folder. */
const isCheckedElsewhere = (path: string): boolean =>
  path === 'bin' || path === 'compiled' || /^targets\/[^/]+\/backups\/[^/]+\/./.test(path);
