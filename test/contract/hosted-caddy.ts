import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { type CaddySite, caddyDaemons, loadPemSite } from '../rigs/caddy-site.ts';
import { program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';

/** What the Caddy tests need besides the contract. */
export const caddyNeeds = [...caddyDaemons.loadPem.needs, program('unshare', 'util-linux'), root];

export type HostedCaddy = HostedSite & Omit<CaddySite, 'served'>;
type MakeSite = (folder: string) => Promise<CaddySite>;
type RunningCaddy = HostedCaddy & { readonly first: IssuedCertificate };

/** Starts Caddy for tests of one file, and stops it after each test. */
export function useCaddies() {
  const scratch = scratchFolder();
  let count = 0;
  let current: HostedSite | null = null;

  afterEach(async () => {
    await current?.site.stop();
    current = null;
  });

  async function aCaddy(make: MakeSite): Promise<HostedCaddy> {
    const folder = join(scratch, `${++count}`);
    let made: CaddySite | undefined;
    const site = async (): Promise<CaddySite> => {
      made = await make(folder);
      return made;
    };
    const hosted = await aHostedSite({ ...caddyDaemons.loadPem, site }, folder);
    current = hosted;
    if (made === undefined) throw new Error('no site was made');
    return { ...made, ...hosted };
  }

  /** Starts with a version that was installed by hand. */
  async function aRunningCaddy(make: MakeSite): Promise<RunningCaddy> {
    const hosted = await aCaddy(make);
    return { ...hosted, first: await startByHand(hosted) };
  }

  /** Starts with a version that only its configuration contains, and no file. */
  async function anInlineCaddy(): Promise<RunningCaddy> {
    const hosted = await aRunningCaddy(loadPemSite);
    for (const path of hosted.site.liveFiles) rmSync(path);
    return hosted;
  }

  return { scratch, aCaddy, aRunningCaddy, anInlineCaddy };
}

/** A `load_pem` entry with this version. */
export function entryOf({ fullchainPem, keyPem }: IssuedCertificate): object {
  return { certificate: fullchainPem, key: keyPem };
}
