import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalBackend } from '../../local/backend/local-backend.ts';
import { startBuiltinServer } from '../demo/builtin-server.ts';
import { type DemoServer, serverName } from '../demo/demo-server.ts';
import { withFleet } from '../demo/fleet.ts';
import { runFleetScene } from '../demo/fleet-scene.ts';
import { startNginx } from '../demo/nginx-server.ts';
import { printHeading, runServerScenes } from '../demo/server-scenes.ts';
import { type Authority, createAuthority } from '../demo/throwaway-ca.ts';
import { duration } from '../render/text.ts';
import { demoFailedExitCode, interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface DemoOptions {
  readonly daemon: 'builtin' | 'nginx';
  readonly keep?: boolean;
}

/**
 * `certferry demo`: four scenes with one server and one with five hosts, in a temporary folder. The demo checks each result; exit
 * code 0 only if all are as described.
 */
export async function demo({ daemon, keep = false }: DemoOptions, terminal: Terminal): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'certferry-demo-'));
  const started = performance.now();
  const cleanUp = () => {
    if (!keep) rmSync(scratch, { recursive: true, force: true });
  };
  const interrupted = () => {
    cleanUp();
    process.exit(interruptedExitCode);
  };
  process.once('SIGINT', interrupted);
  try {
    await runScenes(daemon, scratch, terminal);
    printConclusion({ daemon, keep, scratch, milliseconds: performance.now() - started }, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DemoFailed') throw error;
    terminal.err(terminal.colours.red(`\nThe demo failed: ${error.message}`));
    if (keep) terminal.err(`The data is in ${scratch}.`);
    return demoFailedExitCode;
  } finally {
    process.off('SIGINT', interrupted);
    cleanUp();
  }
}

async function runScenes(daemon: DemoOptions['daemon'], scratch: string, terminal: Terminal): Promise<void> {
  const authority = await createAuthority({ name: 'Certferry demo', intermediate: true });
  const server = await startServer(daemon, scratch, authority);
  try {
    terminal.out(`The demo uses a temporary certificate authority and ${server.description}.`);
    const backend = await openLocalBackend({ stateDir: join(scratch, 'state') });
    try {
      await runServerScenes({ backend, server, terminal }, authority);
      await withFleet(scratch, async (fleet) => {
        printHeading({ terminal }, 5, 'A fleet: five hosts with one server each, and a renewal in waves.');
        await runFleetScene({ backend, fleet, terminal }, authority);
      });
    } finally {
      await backend.close();
    }
  } finally {
    await server.stop();
  }
}

async function startServer(
  daemon: DemoOptions['daemon'],
  scratch: string,
  authority: Authority,
): Promise<DemoServer> {
  if (daemon === 'builtin') return startBuiltinServer(scratch);
  return startNginx(scratch, await authority.issue({ names: [serverName] }));
}

function printConclusion(
  { daemon, keep, scratch, milliseconds }: DemoOptions & { scratch: string; milliseconds: number },
  { out, colours }: Terminal,
): void {
  const next = (command: string, purpose: string) => out(`  ${command.padEnd(50)}${colours.dim(purpose)}`);
  out('');
  out(colours.bold(`Shown in ${duration(milliseconds)}:`));
  out('  - A version is deployed when the endpoint serves it; a successful reload is not enough.');
  out('  - If it is not served, the previous files are restored and the previous leaf is verified.');
  out('  - An invalid bundle is rejected before any file is changed.');
  out(
    '  - A fleet is renewed in waves; a failing rollout is halted and, with --on-halt rollback, rolled back.',
  );
  out('');
  out(colours.bold('Next:'));
  if (keep) out(`  certferry inspect --local last --state ${join(scratch, 'state')}`);
  else if (daemon === 'builtin')
    next('certferry demo --daemon nginx', 'run the first scenes with the nginx found in PATH');
  next('certferry check fullchain.pem --key privkey.pem', 'check your own bundle');
  next('certferry probe example.com:443', 'show what a server serves');
  next('certferry help deploy', 'deploy with your own targets file');
  next('certferry help rollout', 'deploy to many targets in waves');
}
