import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';

/** Seconds a job waits for the one before it on this host. */
const waitSeconds = 240;

/**
 * Takes an exclusive `flock` on a file or folder and keeps it until this process ends, however it ends: the kernel
 * releases it. Node has no flock call, so flock(1) locks the open file description that we share with it; it stays
 * locked when that child is gone (flock(2)). Commands that the agent runs do not inherit it.
 * @throws CertferryError HostBusy when another agent keeps it for more than 240 seconds
 */
export function holdLock(path: string, kind: 'file' | 'folder'): void {
  const handle = openSync(path, kind === 'file' ? 'a' : 'r', 0o600);
  const { status, error } = spawnSync('flock', ['-x', '-w', String(waitSeconds), '3'], {
    stdio: ['ignore', 'ignore', 'ignore', handle],
  });
  if (status === 0) return;
  throw new CertferryError(
    'HostBusy',
    error === undefined
      ? `another certferry job held ${path} for ${waitSeconds} seconds; look for a hanging reload command on this host`
      : `flock could not be run (${error.message}); install util-linux on this host`,
    { details: { path } },
  );
}
