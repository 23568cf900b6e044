import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { askHaproxy } from '../rigs/haproxy.ts';
import { haproxyDaemons, type RuntimeSite } from '../rigs/haproxy-site.ts';
import { betweenHaproxy, type Interference } from '../rigs/haproxy-socket-proxy.ts';
import { program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, startByHand } from './hosted-site.ts';

const daemon = haproxyDaemons.runtime;

/** The programs that tests of haproxy's Runtime API need. */
export const runtimeNeeds = [...daemon.needs, program('unshare', 'util-linux'), program('socat'), root];

/** A function that starts a haproxy with two certificates and the Runtime API. It is stopped after each test. */
export function useRuntimeSites() {
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

  return async function aRunningSite(extra = '') {
    const folder = join(scratch, `${++count}`);
    let site: RuntimeSite | undefined;
    const remembering = {
      ...daemon,
      site: async (within: string) => {
        site = await daemon.site(within, extra);
        return site;
      },
    };
    const hosted = await aHostedSite(remembering, folder);
    if (site === undefined) throw new Error('no site');
    const { name, other, statsSocket, stop } = site;
    stopping = stop;
    const first = await startByHand(hosted);
    const ask = (command: string) => askHaproxy(statsSocket, command);
    return {
      ...hosted,
      name,
      other,
      statsSocket,
      first,
      ask,
      /** Opens a transaction as another client and leaves it open. */
      leaveOpen: async (about: string, version: IssuedCertificate) =>
        expect(await ask(`set ssl cert ${about} <<\n${version.fullchainPem}${version.keyPem}`)).toContain(
          about,
        ),
      transaction: async () => /^\*(.+)$/m.exec(await ask('show ssl cert'))?.[1] ?? null,
      interfering(interfere: Interference) {
        const path = join(folder, 'between.sock');
        between = betweenHaproxy(path, statsSocket, interfere);
        return { statsSocket: path };
      },
    };
  };
}

/** The fingerprint that haproxy shows for a certificate in memory. */
export function fingerprintShown(shown: string): string | undefined {
  return /^SHA1 FingerPrint: (.+)$/m.exec(shown)?.[1];
}
