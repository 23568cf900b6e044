import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach } from 'vitest';
import { BootstrapHost } from './bootstrap-host.ts';
import type { LoopbackServer } from './loopback-servers.ts';

/**
 * A host that is a new one for each test. `started` returns a server and closes it after the test. `mount` makes a folder of the
 * host a file system of its own until then.
 */
export function useBootstrapHost() {
  const host = new BootstrapHost();
  const endings: (() => unknown)[] = [];
  beforeEach(() => host.create());
  afterEach(async () => {
    await Promise.all(endings.splice(0).map((end) => end()));
    host.remove();
  });
  return {
    host,
    async started(server: Promise<LoopbackServer>): Promise<LoopbackServer> {
      const { close } = await server;
      endings.push(close);
      return await server;
    },
    mount(folder: string, options: string): void {
      mkdirSync(folder, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=0755,${options}`, 'tmpfs', folder]);
      endings.push(() => execFileSync('umount', [folder]));
    },
  };
}
