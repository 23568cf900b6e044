import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sharedPortWarnings } from '../../agent-scripts/change/shared-port.ts';
import { programsSharingPort } from '../../agent-scripts/host/listening-processes.ts';
import { waitUntilServed } from '../../agent-scripts/host/wait-until-served.ts';
import { freePort } from '../../cli/demo/free-port.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { Verify } from '../../core/targets/verify.ts';
import { served, versionOf } from '../core/tls-probe/endpoints.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();
const children: ChildProcess[] = [];
const servers: Server[] = [];
let version: IssuedCertificate;
let previous: IssuedCertificate;

beforeAll(async () => {
  [version, previous] = await Promise.all([aVersion(), aVersion()]);
});
afterEach(stopAll);
afterAll(stopAll);

async function stopAll(): Promise<void> {
  for (const child of children.splice(0)) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
}

/** A TLS server in a process of its own, which listens with SO_REUSEPORT on each of the addresses. */
async function serveIn(
  port: number,
  issued: IssuedCertificate,
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<ChildProcess> {
  const script = `
    const settings = JSON.parse(process.env.SETTINGS);
    let left = settings.addresses.length;
    for (const host of settings.addresses) {
      const server = require('node:tls').createServer(settings.pair, (socket) => socket.on('error', () => {}).resume());
      server.listen({ port: settings.port, host, reusePort: true }, () => --left || console.log('listening'));
    }`;
  const settings = JSON.stringify({ port, addresses, pair: served(issued) });
  const child = spawn(process.execPath, ['-e', script], {
    env: { SETTINGS: settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const verifyOf = (port: number) => ({ endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' });

describe('programs that share a port', () => {
  test('Programs that share a port are named by a warning before the change, also in a dry run', async () => {
    const port = await freePort();
    const own = await serveIn(port, version);
    expect(programsSharingPort(port)).toEqual([]);
    const foreign = await serveIn(port, previous);
    const folder = join(scratch, 'site');
    mkdirSync(folder);
    const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const config = { certPath, keyPath, reloadCommand: ['true'] };
    const target = aTarget('files', config, verifyOf(port));

    const line = await testHost(join(scratch, 'home')).send('validate', { target, version });

    expect(line.outcome).toBe('validate_unsupported');
    const [one, other] = [own.pid, foreign.pid].sort((a = 0, b = 0) => a - b);
    const warning = line.warnings.find((text) => text.startsWith('several programs'));
    expect(warning).toContain(
      `accept connections on port ${port}: node (process ${one}), node (process ${other}).`,
    );
  });

  test('One program with several sockets on a port shares it with no other, and neither do programs on different addresses', async () => {
    const port = await freePort();
    await serveIn(port, version, ['127.0.0.1', '127.0.0.1', '127.0.0.2']);
    expect(programsSharingPort(port)).toEqual([]);

    await serveIn(port, version, ['127.0.0.3']);
    expect(programsSharingPort(port)).toEqual([]);

    await serveIn(port, version, ['0.0.0.0']);
    expect(programsSharingPort(port)).toHaveLength(3);
  });

  test('A target without verification has no port to compare', () => {
    expect(sharedPortWarnings('none')).toEqual([]);
  });
});

// Four of five connections reach a listener with the previous certificate. All 12 samples of a round miss them with a
// probability of 5^-12, so at most 100 rounds end with the wrong result in fewer than 1 of 2 million runs.
test('The agent does not report an endpoint as served while other processes on its port serve the previous certificate', async () => {
  const port = await freePort();
  await listenOn(port, version);
  const verify = Verify.parse(verifyOf(port));
  // workers that have ended already: the first successful poll is enough to take the samples
  const endedWorkers = new Set(['999999999:0']);
  expect(await waitUntilServed(verify, versionOf(version), endedWorkers)).toBe(true);

  for (let others = 0; others < 4; others += 1) await listenOn(port, previous);

  expect(await waitUntilServed(verify, versionOf(version), endedWorkers)).toBe(false);
});

async function listenOn(port: number, issued: IssuedCertificate): Promise<void> {
  const server = createServer(served(issued), (socket) => void socket.on('error', () => {}).resume());
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen({ port, host: '127.0.0.1', reusePort: true }, resolve);
  });
}
