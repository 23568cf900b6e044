// Two listeners on one port (SO_REUSEPORT), of which one serves the previous certificate: the kernel distributes connections.
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { inspectEndpoint } from '../../../core/tls-probe/inspect-endpoint.ts';
import { judgeProbe } from '../../../core/tls-probe/judge-probe.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served, versionOf } from './endpoints.ts';

const servers: Server[] = [];
let connections = 0;
let current: IssuedCertificate;
let previous: IssuedCertificate;

beforeAll(async () => {
  [current, previous] = await Promise.all([aVersion(), aVersion()]);
});
afterAll(() => Promise.all(servers.map((server) => new Promise((done) => server.close(done)))));

async function listenOn(port: number, version: IssuedCertificate): Promise<number> {
  const server = createServer(served(version), (socket) => void socket.on('error', () => {}).resume());
  server.on('connection', () => {
    connections += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen({ port, host: '127.0.0.1', reusePort: true }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

// Half of the connections reach each listener. A probe gets both leaves unless all 12 handshakes reach the same listener
// (2 × 2^-12), so two probes both miss it with a probability of 2^-22, less than 1 in 4 million.
test('A probe with the defaults finds a second process that serves the previous certificate on the same port', async () => {
  const port = await listenOn(0, current);
  const verify = Verify.parse({ endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' });
  const probeOnce = async () => judgeProbe(await probe({ verify, version: versionOf(current) }), verify);
  expect(await probeOnce()).toMatchObject({ verified: true });

  await listenOn(port, previous);
  const judgements = [await probeOnce(), await probeOnce()];

  expect(judgements).toContainEqual({
    verified: false,
    unavailable: false,
    summary: expect.stringMatching(
      /^127\.0\.0\.1:\d+: (\d|1[01]) of 12 handshakes: serves sha256:.*, not sha256:.*; more than one process or server answers at this address$/,
    ),
  });
});

test('An inspection for the drift sweep makes one handshake, however many a probe makes', async () => {
  const port = await listenOn(0, current);
  connections = 0;

  await inspectEndpoint({ endpoint: `127.0.0.1:${port}`, protocol: 'tls', timeoutSeconds: 5 }, new Date());

  expect(connections).toBe(1);
});
