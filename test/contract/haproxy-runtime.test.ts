import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { manualActivation } from '../../agent-scripts/activations/activation.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { runtimeNeeds, useRuntimeSites } from './haproxy-runtime-site.ts';

const aRunningSite = useRuntimeSites();

const scratch = scratchFolder();

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

describeWith(runtimeNeeds, "haproxy's Runtime API", () => {
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
