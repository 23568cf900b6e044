import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { Target } from '../../core/targets/target.ts';
import { filesBelow, identityOf } from '../agent-scripts/disk.ts';
import { aTarget, type TestHost, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import type { DaemonUnderContract, Site } from './site.ts';

type Changes = Readonly<Record<string, unknown>>;

/** A real daemon's site, and a host whose real, bundled agent serves it. */
export interface HostedSite {
  readonly folder: string;
  readonly site: Site;
  readonly host: TestHost;
  target(changes?: Changes): Target;
  deploy(version: IssuedCertificate, changes?: Changes): Promise<AgentLine>;
  send(action: JobHeader['action'], header?: Partial<JobHeader>): Promise<AgentLine>;
  /** A new version, remembered so that its key can be looked for where it must not be. */
  version(): Promise<IssuedCertificate>;
  /** What stays the same for live files that are never touched: inode, times, owner, mode, bytes. */
  identities(): unknown[];
  /** Every file is as `identities()` saw it, and leaf and key are the very same inodes. */
  expectAsBefore(before: readonly unknown[]): void;
  /** Waits until the daemon serves this leaf: some read their files a moment after they are told. */
  serves(version: IssuedCertificate): Promise<void>;
  /** Nothing of ours is left lying about, and no key was printed. */
  expectTidy(): void;
}

/** Makes the daemon's folder and configuration; nothing is started and no certificate is there. */
export async function aHostedSite(daemon: DaemonUnderContract, folder: string): Promise<HostedSite> {
  mkdirSync(folder, { recursive: true });
  const site = await daemon.site(folder);
  const host = testHost(join(folder, 'home'));
  const versions: IssuedCertificate[] = [];
  const target = (changes: Changes = {}): Target =>
    aTarget(daemon.kind, { ...site.config, ...changes }, site.verify);
  return {
    folder,
    site,
    host,
    target,
    deploy: (version, changes) => host.send('deploy', { target: target(changes), version }),
    send: (action, header = {}) => host.send(action, { target: target(), header }),
    async version() {
      const version = await aVersion();
      versions.push(version);
      return version;
    },
    identities: () => site.liveFiles.map(identityOf),
    expectAsBefore: (before) => expectAsBefore(site, before),
    serves: (version) => expect.poll(() => site.served()).toBe(version.fingerprint),
    expectTidy() {
      expectTidy(site, host.home);
      for (const { keyPem } of versions) expectUnprinted(keyPem, host.printed);
    },
  };
}

/** Places a version by hand, as before certferry, and starts the daemon: that version. */
export async function startByHand({ site, version, serves }: HostedSite): Promise<IssuedCertificate> {
  const first = await version();
  site.place(first);
  await site.start();
  await serves(first);
  return first;
}

/** A file whose bytes are those of both versions, such as the chain, may be the one that the deployment wrote. */
function expectAsBefore({ liveFiles, keyFile }: Site, before: readonly unknown[]): void {
  for (const [index, path] of liveFiles.entries()) {
    const { ino, mtimeMs, ...content } = identityOf(path);
    const isVeryFile = index === 0 || path === keyFile;
    expect(before[index]).toMatchObject(isVeryFile ? { ino, mtimeMs, ...content } : content);
  }
}

/** No temporary in any live folder, no journal, no half-written file of the agent's own, an empty scratch folder. */
export function expectTidy(site: Site, home: string): void {
  expect(strayFiles(site)).toEqual([]);
  const halfDone = filesBelow(home).filter(
    (name) => name.endsWith('.next') || name === 'journal.json' || name.startsWith('scratch/'),
  );
  expect(halfDone).toEqual([]);
}

/** Files beside the live ones that are ours or named after one of them; a daemon may have files of its own there. */
function strayFiles({ liveFiles }: Site): string[] {
  const names = liveFiles.map((path) => basename(path));
  const beside = [...new Set(liveFiles.map((path) => dirname(path)))].flatMap((folder) =>
    filesBelow(folder).map((name) => join(folder, name)),
  );
  return beside.filter((path) => {
    const name = basename(path);
    const isOurs = name.includes('.certferry-') || names.some((live) => name.includes(live));
    return isOurs && !liveFiles.includes(path) && !path.includes('/home/targets/');
  });
}

function expectUnprinted(keyPem: string, printed: readonly string[]): void {
  const text = printed.join('\n');
  const lines = keyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  for (const line of lines) expect(text).not.toContain(line.slice(0, 24));
}
