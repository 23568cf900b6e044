import { readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { fingerprintOfFile, scratchFolder } from '../agent-scripts/disk.ts';
import { fileChangingCalls, killAt, recordTo } from '../agent-scripts/file-changing-calls.ts';
import { askHaproxy } from '../rigs/haproxy.ts';
import { haproxyDaemons } from '../rigs/haproxy-site.ts';
import { betweenHaproxy, type Interference } from '../rigs/haproxy-socket-proxy.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, startByHand } from './hosted-site.ts';
import { killedContract } from './killed.ts';
import { saveHost, stateOfHost } from './saved-host.ts';

const daemon = haproxyDaemons.runtime;
// haproxy is restarted after each kill
killedContract(daemon, { window: null });

const scratch = scratchFolder();
let count = 0;
let stopping: (() => Promise<void>) | null = null;
let between: Server | null = null;

afterEach(async () => {
  between?.close();
  between = null;
  await stopping?.();
  stopping = null;
});

/** A site whose agent reaches haproxy through a proxy that can act before it forwards a command. */
async function aRunningSite(interfere: Interference = () => null) {
  const folder = join(scratch, `${++count}`);
  const hosted = await aHostedSite(daemon, folder);
  const { site, host } = hosted;
  stopping = site.stop;
  const first = await startByHand(hosted);
  const real = String(site.config.statsSocket);
  const path = join(folder, 'between.sock');
  between = betweenHaproxy(path, real, interfere);
  const target = hosted.target({ statsSocket: path });
  const [pem = ''] = site.liveFiles;
  const transaction = async () => /^\*(.+)$/m.exec(await askHaproxy(real, 'show ssl cert'))?.[1] ?? null;
  return {
    folder,
    first,
    version: hosted.version,
    deploy: (version: typeof first, wrapper: readonly string[]) =>
      host.run('deploy', { target, version }, wrapper),
    /** Runs another job, and checks that haproxy then serves the installed file. */
    async recoversFrom(versions: readonly (typeof first)[]) {
      await host.send('inspect', { target });
      const served = await site.served();
      expect(served).toBe(fingerprintOfFile(pem));
      expect(versions.map(({ fingerprint }) => fingerprint)).toContain(served);
      expect(await transaction()).toBe(null);
      hosted.expectTidy();
    },
    deployFirst: async () => {
      const line = await host.send('deploy', { target, version: first });
      expect(['applied', 'unchanged']).toContain(line.outcome);
      return line;
    },
    /** All that the next run finds: haproxy's memory and the files. */
    state: async () => [await site.served(), await transaction(), stateOfHost(hosted)].join('\n'),
    /** Saves the files of certferry. The result restores them, and the memory of a haproxy that now serves `first`. */
    save: () => {
      const saved = saveHost(hosted);
      return async () => {
        saved.restore();
        if ((await transaction()) === null && (await site.served()) === first.fingerprint) return;
        await site.stop();
        await site.start();
        await hosted.serves(first);
      };
    },
    received: host.received,
  };
}

const needs = [...daemon.needs, program('strace'), program('unshare', 'util-linux'), root];
describeWith(needs, "agent killed by SIGKILL while haproxy's memory is changed", () => {
  test.for(['show cli', 'show ssl', 'abort', 'set', 'commit'])(
    'Killed while it sends "%s", the agent leaves a haproxy that serves what its file contains',
    async (word) => {
      let pidFile = '';
      let killed = 0;
      const site = await aRunningSite((command) => {
        if (!command.startsWith(word) || killed > 0) return null;
        killed = Number(readFileSync(pidFile, 'utf8'));
        if (killed > 1) process.kill(killed, 'SIGKILL');
        return null;
      });
      pidFile = join(site.folder, 'agent.pid');
      const next = await site.version();

      const run = await site.deploy(next, ['/bin/sh', '-c', `echo $$ > ${pidFile}; exec "$@"`, 'sh']);

      expect(run.signal).toBe('SIGKILL');
      await site.recoversFrom([site.first]);
    },
  );

  test('Killed at any file-changing call, the agent leaves a haproxy that serves what its file contains', async () => {
    const site = await aRunningSite();
    const next = await site.version();
    const trace = join(site.folder, 'trace');
    await site.deploy(next, recordTo(trace));
    const calls = fileChangingCalls(trace, site.folder);
    rmSync(trace);
    const line = await site.deployFirst();
    const restore = site.save();
    const states = new Set<string>();

    for (const call of calls) {
      await site.deploy(next, killAt(call));
      const state = await site.state();
      if (!states.has(state)) {
        states.add(state);
        await site.recoversFrom([site.first, next]);
        await site.deployFirst();
      }
      await restore();
      site.received(line);
    }

    expect(calls.length).toBeGreaterThan(25);
    expect(states.size).toBeGreaterThan(calls.length / 4);
  });
});
