import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { manualActivation } from '../../agent-scripts/activations/activation.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { aTarget, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { askHaproxy } from '../rigs/haproxy.ts';
import { haproxyDaemons, type RuntimeSite } from '../rigs/haproxy-site.ts';
import { betweenHaproxy, type Interference } from '../rigs/haproxy-socket-proxy.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, startByHand } from './hosted-site.ts';

const daemon = haproxyDaemons.runtime;
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

async function aRunningSite(extra = '') {
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
}

/** A connection that stays open, and a check whether it is still open. */
function aLastingConnection(port: number): Promise<() => boolean> {
  return new Promise((resolve, reject) => {
    let isOpen = true;
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      resolve(() => isOpen),
    );
    socket.once('close', () => {
      isOpen = false;
    });
    socket.once('error', reject);
  });
}

/** The fingerprint that haproxy shows for a certificate in memory. */
function fingerprintShown(shown: string): string | undefined {
  return /^SHA1 FingerPrint: (.+)$/m.exec(shown)?.[1];
}

const needs = [...daemon.needs, program('unshare', 'util-linux'), program('socat'), root];
describeWith(needs, "haproxy's Runtime API", () => {
  test("Haproxy's Runtime API brings the new leaf in without a new process and without losing a connection", async () => {
    const { ask, site, version, deploy, serves } = await aRunningSite();
    const process = /^Pid: \d+$/m.exec(await ask('show info'))?.[0];
    const isOpen = await aLastingConnection(Number(String(site.verify.endpoint).split(':')[1]));
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect(await ask('show info')).toContain(process);
    expect(isOpen()).toBe(true);
  });

  test("The agent aborts a transaction of haproxy's Runtime API that a dead run left open, and starts again", async () => {
    const { name, leaveOpen, transaction, version, deploy, serves } = await aRunningSite();
    await leaveOpen(name, await aVersion());
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect(await transaction()).toBe(null);
  });

  test("The agent waits for a foreign transaction about another certificate in haproxy's Runtime API", async () => {
    const { other, ask, leaveOpen, version, deploy, serves } = await aRunningSite();
    const theirs = await aVersion();
    await leaveOpen(other, theirs);
    const committed = new Promise((resolve) => setTimeout(resolve, 1_000)).then(() =>
      ask(`commit ssl cert ${other}`),
    );
    const next = await version();

    const line = await deploy(next);

    expect(await committed).toContain('Success!');
    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
  });

  test('The agent gives up when the foreign transaction stays open, reports how to end it, and does not touch it', async () => {
    const { other, leaveOpen, transaction, first, version, deploy, serves } = await aRunningSite();
    await leaveOpen(other, await aVersion());

    const line = await deploy(await version());

    expect(line).toMatchObject({ outcome: 'reload_failed' });
    expect(line.summary).toContain(`\`abort ssl cert ${other}\``);
    await serves(first);
    expect(await transaction()).toBe(other);
  });

  test("Haproxy's Runtime API brings in two certificates of one haproxy at once", async () => {
    const { folder, site, other, host, target, version, serves, ask } = await aRunningSite();
    const [mine, theirs] = [await version(), await version()];
    const elsewhere = testHost(join(folder, 'other-home'));
    const config = { ...site.config, pemPath: other };

    const lines = await Promise.all([
      host.send('deploy', { target: target(), version: mine }),
      elsewhere.send('deploy', { target: aTarget('haproxy', config, 'none', 'web-2'), version: theirs }),
    ]);

    expect(lines.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    await serves(mine);
    const { fingerprint } = new X509Certificate(theirs.certPem);
    expect(fingerprintShown(await ask(`show ssl cert ${other}`))).toBe(fingerprint.replaceAll(':', ''));
  });

  test("Haproxy's Runtime API does not leave its key in a transaction about another certificate that was opened meanwhile", async () => {
    const site = await aRunningSite();
    const { ask, other, leaveOpen, transaction, version, deploy, serves } = site;
    const before = fingerprintShown(await ask(`show ssl cert ${other}`));
    let meddled = false;
    const statsSocket = site.interfering(async (command) => {
      if (command.startsWith('set ssl cert') && !meddled) {
        meddled = true;
        await leaveOpen(other, await aVersion());
      }
      return null;
    });
    const next = await version();

    const line = await deploy(next, statsSocket);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect(await transaction()).toBe(null);
    expect(fingerprintShown(await ask(`show ssl cert ${other}`))).toBe(before);
  });

  test("Haproxy's Runtime API repeats a transaction that another client ended and replaced by its own before the commit", async () => {
    const site = await aRunningSite();
    const { ask, name, other, leaveOpen, transaction, version, deploy, serves } = site;
    let commits = 0;
    const statsSocket = site.interfering(async (command) => {
      if (command.startsWith('commit') && ++commits === 1) {
        await ask(`abort ssl cert ${name}`);
        await leaveOpen(other, await aVersion());
        const answer = await ask(command.trim());
        await ask(`abort ssl cert ${other}`);
        return answer;
      }
      return null;
    });
    const next = await version();

    const line = await deploy(next, statsSocket);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(commits).toBe(2);
    await serves(next);
    expect(await transaction()).toBe(null);
  });

  test("Haproxy's Runtime API ends its transaction and restores the files when the commit is refused", async () => {
    const site = await aRunningSite();
    const { transaction, first, version, deploy, identities, serves } = site;
    const before = identities();
    let refused = false;
    const statsSocket = site.interfering((command) => {
      if (!command.startsWith('commit') || refused) return null;
      refused = true;
      return 'inconsistencies between private key and certificate loaded';
    });

    const line = await deploy(await version(), statsSocket);

    expect(line.outcome).toBe('reload_failed');
    expect(line.summary).toContain('inconsistencies');
    expect(identities()).toEqual(before);
    await serves(first);
    expect(await transaction()).toBe(null);
  });

  test("Haproxy's Runtime API gives up on a haproxy that does not answer the commit, within the deadline", async () => {
    const site = await aRunningSite();
    const { transaction, first, version, deploy, serves } = site;
    let silent = false;
    const statsSocket = site.interfering((command) => {
      if (!command.startsWith('commit') || silent) return null;
      silent = true;
      return undefined;
    });

    const line = await deploy(await version(), { ...statsSocket, commandTimeoutSeconds: 1 });

    expect(line.outcome).toBe('reload_failed');
    expect(line.summary).toContain('haproxy did not respond before the deadline');
    await serves(first);
    expect(await transaction()).toBe(null);
  });

  test('The agent reports a PEM that is too large for a small tune.bufsize, and changes nothing', async () => {
    const { first, version, deploy, serves } = await aRunningSite(
      'global\n  tune.bufsize 1200\n  tune.maxrewrite 200\n',
    );

    const line = await deploy(await version());

    expect(line.outcome).toBe('reload_failed');
    expect(line.summary).toContain('tune.bufsize');
    await serves(first);
  });

  test("Haproxy's Runtime API refuses before anything is touched what could not be brought in", async () => {
    const { folder, name, other, version, deploy, identities } = await aRunningSite(
      `global\n  stats socket ${join(scratch, 'operator.sock')} level operator\n`,
    );
    const before = identities();

    const noSocket = await deploy(await version(), { statsSocket: join(folder, 'none.sock') });
    const noName = await deploy(await version(), { crtName: '/etc/haproxy/none.pem' });
    const noLevel = await deploy(await version(), { statsSocket: join(scratch, 'operator.sock') });

    expect(noSocket).toMatchObject({ outcome: 'rejected', reason: 'DaemonUnreachable' });
    expect(noSocket.summary).toContain('the socket does not exist');
    expect(noName).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(noName.summary).toContain(name);
    expect(noName.summary).toContain(other);
    expect(noLevel).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(noLevel.summary).toContain('needs `level admin`');
    expect(identities()).toEqual(before);
  });

  test("Haproxy's Runtime API takes by hand what it would have done itself", async () => {
    const { site, name, statsSocket, serves } = await aRunningSite();
    const next = await aVersion();
    site.installByHand(next);
    // other tools leave empty lines between the blocks, and an empty line ends a payload of the Runtime API
    writeFileSync(name, `${next.certPem}\n\n${next.chainPem}\n${next.keyPem}\n`);

    const command = manualActivation({
      kind: 'haproxyRuntime',
      socket: statsSocket,
      name,
      pemPath: name,
      keyPath: null,
    });
    execFileSync('/bin/sh', ['-c', command]);

    await serves(next);
  });
});
