import { spawnSync } from 'node:child_process';

/** Tests of the agent, the Lambdas and the command line run what is shipped, so it is built first. */
export default function setup(): void {
  const { status } = spawnSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('scripts/build.ts failed: see its output above');
}
