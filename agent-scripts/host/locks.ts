import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CertferryError } from '../../core/errors.ts';

/** Seconds a job waits for the one before it on this host. */
const waitSeconds = 240;

/**
 * Takes an exclusive `flock` on a file or folder and keeps it until this process ends, however it ends: the kernel
 * releases it. Node has no flock call, so flock(1) locks the open file description that we share with it; it stays
 * locked when that child is gone (flock(2)). Commands that the agent runs do not inherit it.
 * Gives the handle whose closing releases it earlier.
 * @throws CertferryError HostBusy when another agent keeps it for more than 240 seconds
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
      ? `another certferry job held ${path} for ${waitSeconds} seconds; look for a hanging reload command on this host`
      : `flock could not be run (${error.message}); install util-linux on this host`,
    { details: { path } },
  );
}

/**
 * Does work on live files while no other agent (one with a folder of its own) works in the same folders. What is compared
 * there has to be compared under the lock too.
 * @throws CertferryError HostBusy, and whatever the work throws
 */
export async function withFolderLocks<Result>(
  paths: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const handles: number[] = [];
  try {
    // in one order everywhere, so that two agents never wait for each other
    const folders = new Set(paths.map((path) => dirname(path)));
    // one that somebody has removed meanwhile is for the work to tell
    for (const folder of [...folders].filter((path) => existsSync(path)).sort()) {
      handles.push(acquireLock(folder, 'folder'));
    }
    return await work();
  } finally {
    for (const handle of handles) closeSync(handle);
  }
}
