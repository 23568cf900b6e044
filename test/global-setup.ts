import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Tests of the agent, the Lambdas and the command line run what is shipped, so it is built first. Temporary files of the run
 * are in one folder, which is removed at its end.
 */
export default function setup(): void {
  const { status } = spawnSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('scripts/build.ts failed: see its output above');
  // short, because a path of a socket has at most 107 bytes (unix(7))
  const folder = mkdtempSync(join(tmpdir(), 'cf-'));
  // daemons of other users enter it, as they enter /tmp
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  // not a teardown, because workers of another project may still write then
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
}
