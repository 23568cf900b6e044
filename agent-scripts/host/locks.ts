import { spawnSync } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import { privateFolder } from './durable-files.ts';
import type { Home } from './home.ts';

/** A job on a warm host waits this long for a lock. */
const { start: defaultWait } = timeBudgets;

/** Seconds that a job may wait for the lock of the host, after a fetch of so many seconds: both are before the job starts. */
export const lockWaitAfter = (fetchSeconds: number): number =>
  Math.max(timeBudgets.start - timeBudgets.fetch, timeBudgets.start - fetchSeconds);

/**
 * Acquires an exclusive `flock` on a file, which is created if it does not exist. The kernel releases it when this process
 * ends, however it ends. The file must be in a folder that no other user can enter, because a user who can open it can hold the lock.
 * Node has no flock call: flock(1) locks the open file description that the agent shares with it, and the lock remains
 * when flock(1) exits (flock(2)). Commands that the agent runs do not inherit the lock.
 * Returns a handle; closing it releases the lock.
 * @throws CertferryError HostBusy if another agent holds the lock for more than `waitSeconds`
 */
export function acquireLock(path: string, waitSeconds: number = defaultWait): number {
  const handle = openSync(path, 'a', 0o600);
  const { status, error } = spawnSync('flock', ['-x', '-w', String(waitSeconds), '3'], {
    stdio: ['ignore', 'ignore', 'ignore', handle],
  });
  if (status === 0) return handle;
  closeSync(handle);
  throw new CertferryError(
    'HostBusy',
    error === undefined
      ? `another certferry job holds the lock ${path} for more than ${waitSeconds} seconds; check this host for a reload command that hangs`
      : `flock cannot be started (${error.message}); install util-linux on this host`,
    { details: { path } },
  );
}

/**
 * Works on live files under the locks of their folders, which exclude agents of other stacks (each stack has its own agent
 * folder). Comparisons with live files belong into the same `work`.
 * @throws CertferryError HostBusy, UntrustedPath, and the errors of `work`
 */
export async function withFolderLocks<Result>(
  home: Home,
  paths: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const handles: number[] = [];
  try {
    // all agents lock in the same order, so no two of them wait for each other
    const names = new Set(paths.map((path) => lockName(dirname(path))).filter((name) => name !== null));
    const folder = lockFolder(home);
    for (const name of [...names].sort()) handles.push(acquireLock(join(folder, name)));
    return await work();
  } finally {
    for (const handle of handles) closeSync(handle);
  }
}

/** The same for every path of a folder. Null for a folder that no longer exists: the work itself reports it. */
function lockName(folder: string): string | null {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}-${stats.ino}.lock`;
}

/** All agents of root share one folder. Another user can neither enter it nor create it first. */
const lockFolderOfRoot = '/run/certferry';

function lockFolder(home: Home): string {
  const folder = privateFolder(process.geteuid?.() === 0 ? lockFolderOfRoot : home.locks);
  requireTrustedPath('the folder of the locks', folder);
  return folder;
}
