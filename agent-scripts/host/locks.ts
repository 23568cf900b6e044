import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CertferryError } from '../../core/errors.ts';

/** Maximum wait for another job on this host, in seconds. */
const waitSeconds = 240;

/**
 * Acquires an exclusive `flock` on a file or folder. The kernel releases it when this process ends, however it ends.
 * Node has no flock call: flock(1) locks the open file description that the agent shares with it, and the lock remains
 * when flock(1) exits (flock(2)). Commands that the agent runs do not inherit the lock.
 * Returns a handle; closing it releases the lock.
 * @throws CertferryError HostBusy if another agent holds the lock for more than 240 seconds
 */
export function acquireLock(path: string, kind: 'file' | 'folder'): number {
  const handle = openSync(path, kind === 'file' ? 'a' : 'r', 0o600);
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
 * Works on live files under locks on their folders, which exclude agents of other stacks (each stack has its own agent
 * folder). Comparisons with live files belong into the same `work`.
 * @throws CertferryError HostBusy, and the errors of `work`
 */
export async function withFolderLocks<Result>(
  paths: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const handles: number[] = [];
  try {
    // all agents lock in the same order, so no two of them wait for each other
    const folders = new Set(paths.map((path) => dirname(path)));
    // a folder that no longer exists is reported by the work itself
    for (const folder of [...folders].filter((path) => existsSync(path)).sort()) {
      handles.push(acquireLock(folder, 'folder'));
    }
    return await work();
  } finally {
    for (const handle of handles) closeSync(handle);
  }
}
