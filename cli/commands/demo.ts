import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFerry } from '../../local/backend/local-backend.ts';
import { startBuiltin } from '../demo/builtin.ts';
import { withFleet } from '../demo/fleet.ts';
import { performFleet } from '../demo/fleet-scene.ts';
import { startNginx } from '../demo/nginx.ts';
import { announce, performScenes } from '../demo/scenes.ts';
import { type Stage, serverName } from '../demo/stage.ts';
import { type Authority, createAuthority } from '../demo/throwaway-ca.ts';
import { duration } from '../render/text.ts';
import { demoFailedExitCode, interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface DemoOptions {
  readonly daemon: 'builtin' | 'nginx';
  readonly keep?: boolean;
}

/**
 * `certferry demo`: four scenes on a server of its own and one on a fleet of five, in a scratch folder. Checks each of them itself; exit code 0 only
 * when everything went as described.
 */
export async function demo({ daemon, keep = false }: DemoOptions, terminal: Terminal): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'certferry-demo-'));
  const started = performance.now();
  const tidy = () => {
    if (!keep) rmSync(scratch, { recursive: true, force: true });
  };
  const interrupted = () => {
    tidy();
    process.exit(interruptedExitCode);
  };
  process.once('SIGINT', interrupted);
  try {
    await play(daemon, scratch, terminal);
    conclude({ daemon, keep, scratch, milliseconds: performance.now() - started }, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DemoFailed') throw error;
    terminal.err(terminal.colours.red(`\nThe demo failed: ${error.message}`));
    if (keep) terminal.err(`What happened is in ${scratch}.`);
    return demoFailedExitCode;
  } finally {
    process.off('SIGINT', interrupted);
    tidy();
  }
}

async function play(daemon: DemoOptions['daemon'], scratch: string, terminal: Terminal): Promise<void> {
  const authority = await createAuthority({ name: 'Certferry demo', intermediate: true });
  const stage = await startStage(daemon, scratch, authority);
  try {
    terminal.out(`A certificate authority that lasts as long as this demo, and ${stage.what}.`);
    const ferry = await openFerry({ stateDir: join(scratch, 'state') });
    try {
      await performScenes({ ferry, stage, terminal }, authority);
      await withFleet(scratch, async (fleet) => {
        announce({ terminal }, 5, 'A fleet: five hosts with a server each, and a renewal in waves.');
        await performFleet({ ferry, fleet, terminal }, authority);
      });
    } finally {
      await ferry.close();
    }
  } finally {
    await stage.stop();
  }
}

async function startStage(
  daemon: DemoOptions['daemon'],
  scratch: string,
  authority: Authority,
): Promise<Stage> {
  if (daemon === 'builtin') return startBuiltin(scratch);
  return startNginx(scratch, await authority.issue({ names: [serverName] }));
}

function conclude(
  { daemon, keep, scratch, milliseconds }: DemoOptions & { scratch: string; milliseconds: number },
  { out, colours }: Terminal,
): void {
  const next = (command: string, what: string) => out(`  ${command.padEnd(50)}${colours.dim(what)}`);
  out('');
  out(colours.bold(`Shown in ${duration(milliseconds)}:`));
  out('  - a version counts as deployed when the endpoint serves it, not when a reload succeeds;');
  out('  - when it is not served, the old files are put back and the old leaf is looked for again;');
  out('  - a bundle that is not fit is refused before anything is touched;');
  out('  - a fleet is renewed in waves, and one that fails is halted and, if so wished, put back.');
  out('');
  out(colours.bold('Next:'));
  if (keep) out(`  certferry inspect --local last --state ${join(scratch, 'state')}`);
  else if (daemon === 'builtin')
    next('certferry demo --daemon nginx', 'the first scenes on the nginx found in PATH');
  next('certferry check fullchain.pem --key privkey.pem', 'is yours fit to be deployed?');
  next('certferry probe example.com:443', 'what does a server serve?');
  next('certferry help deploy', 'with a targets file of your own');
  next('certferry help rollout', 'the same for many targets, in waves');
}
