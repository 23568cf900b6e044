// The agent in a Node whose OpenSSL is in FIPS mode. It cannot show a kernel in FIPS mode.

import { mkdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { curveOf } from '../../core/seal/host-key.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { aTarget, runAgentWith, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { fips, fipsEnvironment } from '../rigs/fips.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';

const scratch = scratchFolder();
let count = 0;

/** A host that serves its files on a port, and reads them for each connection. */
async function aServingHost() {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const config = {
    certPath: join(folder, 'tls/cert.pem'),
    keyPath: join(folder, 'tls/key.pem'),
    reloadCommand: ['true'],
  };
  const server = createServer({
    SNICallback: (_name, done) =>
      done(
        null,
        createSecureContext({ cert: readFileSync(config.certPath), key: readFileSync(config.keyPath) }),
      ),
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const verify = { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' };
  return { host: testHost(join(folder, 'home')), target: aTarget('files', config, verify) };
}

const inFipsMode = (): string[] => [
  'env',
  ...Object.entries(fipsEnvironment(scratch)).map(([name, value]) => `${name}=${value}`),
];

describeWith([fips, program('openssl'), program('flock', 'util-linux')], 'a host in FIPS mode', () => {
  test.each(['p256', 'rsa2048'] as const)(
    'A host in FIPS mode enrolls with a P-256 key, opens its job, probes a %s leaf and rotates to another P-256 key',
    async (keyType) => {
      const { host, target } = await aServingHost();
      const first = await host.run('enroll', {}, inFipsMode());

      const version = await aVersion({ keyType });
      const { line, stderr } = await host.run('deploy', { target, version }, inFipsMode());

      expect(stderr).toBe('');
      expect(line).toMatchObject({ outcome: 'applied', served: true });
      expect([first, { line }].map(({ line: one }) => one?.hostKey && curveOf(one.hostKey))).toEqual([
        'P-256',
        'P-256',
      ]);
      expect(line?.hostKey?.kid).not.toBe(first.line?.hostKey?.kid);
    },
  );

  test('A host that is switched to FIPS mode retires its X25519 key by itself, and the repeated job is opened', async () => {
    const { host, target } = await aServingHost();
    await host.send('deploy', { target, version: await aVersion() });
    const version = await aVersion();
    const job = await host.jobText('deploy', { target, version });

    const { line: refused } = await runAgentWith(host.home, job, inFipsMode());
    host.received(refused);
    const { line } = await host.run('deploy', { target, version }, inFipsMode());

    // with this reason, certferry sends the job again and notifies no operator
    expect(refused).toMatchObject({ outcome: 'enrolled', reason: 'RetiredHostKey' });
    expect(refused?.hostKey && curveOf(refused.hostKey)).toBe('P-256');
    expect(line).toMatchObject({ outcome: 'applied', served: true });
  });

  test('A host whose FIPS mode was disabled opens the job of its P-256 key, and rotates to X25519', async () => {
    const { host, target } = await aServingHost();
    await host.run('enroll', {}, inFipsMode());

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(line.hostKey && curveOf(line.hostKey)).toBe('X25519');
  });
});
