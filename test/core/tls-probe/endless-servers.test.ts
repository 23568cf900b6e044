import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { dialects } from '../../../core/tls-probe/starttls/dialects.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { type Endpoint, listen, observe, served, serveTcp, versionOf } from './endpoints.ts';

let version: IssuedCertificate;
const servers: Endpoint[] = [];

beforeAll(async () => {
  version = await aVersion();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Sends `text` again and again for as long as the client reads. */
function pour(socket: Socket, text: string | Buffer): void {
  const chunk = Buffer.concat(Array.from({ length: 1024 }, () => Buffer.from(text)));
  const more = () => {
    while (socket.writable && socket.write(chunk)) {}
    socket.once('drain', more);
  };
  more();
}

/**
 * What a server can send before a probe with these limits closes the connection: the limit, and what the kernel holds for
 * the two sockets, which is at most 6 MiB each by default (tcp_wmem, tcp_rmem).
 */
const maximumSent = 16 * 1024 * 1024;

/** The problem that a probe reports, when every connection has ended; fails if the server could send more than the limit. */
async function problemOf(protocol: string, attend: (socket: Socket) => void): Promise<string | null> {
  const sockets: Socket[] = [];
  const server = await serveTcp((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    attend(socket);
  });
  servers.push(server);
  const known = { protocol, probeFrom: 'host', timeoutSeconds: 60 };
  const { problem } = await observe(server.port, versionOf(version), known);
  await server.quiet();
  for (const socket of sockets) expect(socket.bytesWritten).toBeLessThan(maximumSent);
  return problem;
}

const tooMuchClear = 'the server sent more than 64 KiB before TLS started';
const tooMuch = 'the server sent more than 256 KiB in one connection';

/** Per protocol, text that is valid at every point of the conversation, and how the conversation ends. */
const endless = {
  smtp: ['220-x\r\n', tooMuchClear],
  imap: ['* OK x\r\n', tooMuchClear],
  pop3: ['+OK x\r\n', tooMuchClear],
  sieve: ['"X" "y"\r\n', tooMuchClear],
  // an element of 2 GiB
  ldap: [Buffer.from('30847fffffff', 'hex'), tooMuchClear],
  // one byte is the whole answer
  postgres: ['S', 'the server sent plain text after it agreed to STARTTLS'],
  // a packet of at most 1 KiB is the whole greeting
  mysql: [Buffer.from('0100000a0a', 'hex'), 'the answer is not mysql: "????"'],
} as const;

describe('a server that sends without end', () => {
  test('Every protocol has a test with an endless server', () => {
    const protocols = Object.entries(dialects).filter(([, dialect]) => dialect !== null);

    expect(Object.keys(endless).sort()).toEqual(protocols.map(([protocol]) => protocol).sort());
  });

  test.each(Object.entries(endless))(
    'A probe of %s reads at most 64 KiB of valid text before TLS',
    async (protocol, [text, problem]) => {
      // where the answer is short, the size of the first packet decides between the two
      expect([problem, tooMuchClear]).toContain(await problemOf(protocol, (socket) => pour(socket, text)));
    },
  );

  test.each(['smtp', 'imap', 'pop3', 'sieve'])(
    'A probe of %s ends after 64 KiB of one line',
    async (protocol) => {
      expect(await problemOf(protocol, (socket) => pour(socket, 'x'))).toBe(tooMuchClear);
    },
  );

  test('A probe ends after 256 KiB of messages that TLS ignores', async () => {
    const helloRequest = Buffer.from('160303000400000000', 'hex'); // RFC 5246 section 7.4.1.1

    const problem = await problemOf('tls', (socket) => {
      socket.once('data', () => pour(socket, helloRequest));
    });

    expect(problem).toBe(tooMuch);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'A probe reads the certificate of a server that sends data after the handshake without end (%s)',
    async (maxVersion) => {
      const sockets: Socket[] = [];
      const server = createTlsServer({ ...served(version), maxVersion }, (socket) => {
        socket.on('error', () => {});
        pour(socket, 'unrequested data '.repeat(10));
      });
      server.on('connection', (socket: Socket) => sockets.push(socket)).on('tlsClientError', () => {});
      const endpoint = await listen(server, '127.0.0.1', 0);
      servers.push(endpoint);

      expect(await observe(endpoint.port, versionOf(version))).toMatchObject({ ok: true, problem: null });

      await endpoint.quiet();
      for (const socket of sockets) expect(socket.bytesWritten).toBeLessThan(maximumSent);
    },
  );

  test('A probe refuses a chain of more than 100 KiB', async () => {
    const cert = version.certPem + version.chainPem.repeat(250);
    const server = createTlsServer({ cert, key: version.keyPem }, (socket) => socket.on('error', () => {}));
    const endpoint = await listen(
      server.on('tlsClientError', () => {}),
      '127.0.0.1',
      0,
    );
    servers.push(endpoint);

    const { problem } = await observe(endpoint.port, versionOf(version));

    expect(problem).toBe('the TLS handshake failed: excessive message size');
    await endpoint.quiet();
  });
});
