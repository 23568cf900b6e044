import { createSecureContext, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { type Endpoint, observe, served, serveTcp, versionOf } from './endpoints.ts';

let version: IssuedCertificate;
const servers: Endpoint[] = [];

beforeAll(async () => {
  version = await aVersion();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A packet as a server sends it first. */
function packet(payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([head, payload]);
}

/** HandshakeV10 as far as a client that wants TLS reads it, and a bit of what follows. */
function greeting(capabilities: number): Buffer {
  const flags = Buffer.alloc(2);
  flags.writeUInt16LE(capabilities);
  return packet(
    Buffer.concat([
      Buffer.from('\x0a10.11.6-MariaDB\0', 'latin1'),
      Buffer.alloc(13, 1),
      flags,
      Buffer.alloc(8),
    ]),
  );
}

/** Greets, and hands what the client answers to `attend` with the means to begin TLS. */
async function serve(
  first: Buffer,
  extra: Buffer = Buffer.alloc(0),
  requests: Buffer[] = [],
): Promise<number> {
  const secureContext = createSecureContext(served(version));
  const server = await serveTcp((socket) => {
    socket.write(Buffer.concat([first, extra]));
    socket.once('readable', () => {
      const request = socket.read(36) as Buffer | null;
      if (request === null) return;
      requests.push(request);
      new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {}).resume();
    });
  });
  servers.push(server);
  return server.port;
}

const withTls = 0xf7fe | 0x800;
const withoutTls = 0xf7fe & ~0x800;

async function problem(port: number, timeoutSeconds = 10): Promise<string | null> {
  const known = { protocol: 'mysql', timeoutSeconds, probeFrom: 'host' };
  return (await observe(port, versionOf(version), known)).problem;
}

test('A probe of MySQL reads the version behind the greeting, as a client of protocol 4.1 does', async () => {
  const requests: Buffer[] = [];
  const port = await serve(greeting(withTls), Buffer.alloc(0), requests);

  const seen = await observe(port, versionOf(version), { protocol: 'mysql', probeFrom: 'host' });

  expect(seen).toMatchObject({ ok: true, fingerprint: version.fingerprint });
  expect(requests[0]?.toString('hex')).toBe(`20000001008a0000000000012d${'00'.repeat(23)}`);
});

test('A probe of MySQL names the cause when the server no longer offers TLS', async () => {
  expect(await problem(await serve(greeting(withoutTls)))).toBe('STARTTLS is not offered');
});

test('A refusal by MySQL is reported with its message', async () => {
  const refusal = packet(Buffer.from("\xff\x69\x04Host '10.0.0.9' is blocked", 'latin1'));

  expect(await problem(await serve(refusal))).toBe(`the answer is not mysql: "Host '10.0.0.9' is blocked"`);
});

test('A probe of MySQL trusts nothing that arrives in clear after the greeting', async () => {
  expect(await problem(await serve(greeting(withTls), packet(Buffer.from('injected'))))).toBe(
    'the server sent plain text after it agreed to STARTTLS',
  );
});

test.each([
  ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['another version of the protocol', packet(Buffer.from('\x095.0\0', 'latin1'))],
  ['a greeting that ends too soon', packet(Buffer.from('\x0a10.11\0abc', 'latin1'))],
  ['a packet that is not the first', Buffer.from('0100000a0a', 'hex')],
  ['an empty packet', packet(Buffer.alloc(0))],
])('A server that speaks %s is reported as such', async (_, first) => {
  expect(await problem(await serve(first))).toMatch(/^the answer is not mysql: "/);
});

test('A silent server ends the probe after its timeout', async () => {
  const silent = await serveTcp(() => {});
  servers.push(silent);

  expect(await problem(silent.port, 1)).toBe('no answer within 1 s');
  await silent.quiet();
});

test('A server that closes the connection is reported as such', async () => {
  const server = await serveTcp((socket) => void socket.end());
  servers.push(server);

  expect(await problem(server.port)).toMatch(/closed (the connection )?before/);
});
