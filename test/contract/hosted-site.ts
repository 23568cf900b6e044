import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { FileTarget } from '../../core/targets/target.ts';
import { filesBelow, identityOf } from '../agent-scripts/disk.ts';
import { aTarget, type TestHost, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import type { DaemonUnderContract, Site } from './site.ts';

type Changes = Readonly<Record<string, unknown>>;

/** A real daemon with its configuration, and a host with the bundled agent. */
export interface HostedSite {
  readonly folder: string;
  readonly site: Site;
  readonly host: TestHost;
  target(changes?: Changes): FileTarget;
  deploy(version: IssuedCertificate, changes?: Changes): Promise<AgentLine>;
  send(action: JobHeader['action'], header?: Partial<JobHeader>): Promise<AgentLine>;
  /** A new version. `expectTidy` checks that its key does not appear in any output. */
  version(): Promise<IssuedCertificate>;
  /** Inode, times, owner, mode and content of each live file, which stay the same if the file is not changed. */
  identities(): unknown[];
  /** Expects the files of an earlier `identities()`, with leaf and key in the same inodes. */
  expectAsBefore(before: readonly unknown[]): void;
  /** Waits until the daemon serves this leaf: some daemons read their files shortly after the reload command. */
  serves(version: IssuedCertificate): Promise<void>;
  /** Expects no temporary files of certferry and no key in the output. */
  expectTidy(): void;
}

/** Creates the daemon's folder and configuration, without a certificate. Does not start the daemon. */
export async function aHostedSite(daemon: DaemonUnderContract, folder: string): Promise<HostedSite> {
  mkdirSync(folder, { recursive: true });
  const site = await daemon.site(folder);
  const host = testHost(join(folder, 'home'));
  const versions: IssuedCertificate[] = [];
  const target = (changes: Changes = {}): FileTarget =>
    aTarget(daemon.kind, { ...site.config, ...changes }, site.verify);
  return {
    folder,
    site,
    host,
    target,
    deploy: (version, changes) =>
      host.send('deploy', {
        target: target(changes),
        version,
        ...(site.credentials && { credentials: site.credentials }),
      }),
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
      for (const value of Object.values(site.credentials ?? {}))
        expect(host.printed.join('\n')).not.toContain(value);
    },
  };
}

/** Installs a version by hand, as before certferry, and starts the daemon. Returns the version. */
export async function startByHand({ site, version, serves }: HostedSite): Promise<IssuedCertificate> {
  const first = await version();
  site.installByHand(first);
  await site.start();
  await serves(first);
  return first;
}

/** A file that is the same in both versions, such as the chain, may have the inode that the deployment wrote. */
function expectAsBefore({ liveFiles, keyFile }: Site, before: readonly unknown[]): void {
  for (const [index, path] of liveFiles.entries()) {
    const { ino, mtimeMs, ...content } = identityOf(path);
    const isVeryFile = index === 0 || path === keyFile;
    expect(before[index]).toMatchObject(isVeryFile ? { ino, mtimeMs, ...content } : content);
  }
}

/** No temporary files in live folders, no journal, no temporary files of the agent, an empty scratch folder. */
export function expectTidy(site: Site, home: string): void {
  expect(strayFiles(site)).toEqual([]);
  const halfDone = filesBelow(home).filter(
    (name) => name.endsWith('.next') || name === 'journal.json' || name.startsWith('scratch/'),
  );
  expect(halfDone).toEqual([]);
}

/** Files beside the live ones that certferry created. The daemon may have other files there. */
export function strayFiles({ liveFiles }: Pick<Site, 'liveFiles'>): string[] {
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
