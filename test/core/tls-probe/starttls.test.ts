import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import {
  type Misbehaviour,
  type StarttlsProtocol,
  type StarttlsServer,
  startStarttlsServer,
  starttlsProtocols,
} from '../../fakes/starttls-servers.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served, serveTcp, verifyOf, versionOf } from './endpoints.ts';

let version: IssuedCertificate;
const servers: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  version = await aVersion();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(protocol: StarttlsProtocol, misbehaviour?: Misbehaviour): Promise<StarttlsServer> {
  const server = await startStarttlsServer(protocol, served(version), misbehaviour);
  servers.push(server);
  return server;
}

async function problem(
  port: number,
  protocol: StarttlsProtocol,
  timeoutSeconds = 10,
): Promise<string | null> {
  const verify = verifyOf(port, { protocol, timeoutSeconds, probeFrom: 'host' });
  const [observation] = await probe({ verify, version: versionOf(version) });
  return observation === undefined ? 'no observation' : observation.problem;
}

describe.each(starttlsProtocols)('%s', (protocol) => {
  test('A probe reads the version behind STARTTLS', async () => {
    const { port } = await serve(protocol);

    const verify = verifyOf(port, { protocol, successThreshold: 3, probeFrom: 'host' });

    expect(await probe({ verify, version: versionOf(version) })).toEqual([
      { address: `127.0.0.1:${port}`, fingerprint: version.fingerprint, ok: true, problem: null },
    ]);
  });

  test('A probe names the cause when STARTTLS is no longer offered', async () => {
    const { port } = await serve(protocol, 'withdrawn');

    expect(await problem(port, protocol)).toMatch(/^STARTTLS is not offered( \("LDAP result 2"\))?$/);
  });

  test('A probe names the same cause when STARTTLS is offered and then refused', async () => {
    const { port } = await serve(protocol, 'refusing');

    expect(await problem(port, protocol)).toMatch(/^STARTTLS is not offered/);
  });

  test('A probe trusts nothing that arrives in clear after the agreement', async () => {
    const { port } = await serve(protocol, 'eager');

    expect(await problem(port, protocol)).toBe('the server sent plain text after it agreed to STARTTLS');
  });

  test('A server that speaks another protocol is reported as such', async () => {
    const { port } = await serve(protocol, 'foreign');

    expect(await problem(port, protocol)).toMatch(new RegExp(`^the answer is not ${protocol}: "H`));
  });

  test('A server that closes the connection is reported as such', async () => {
    const { port } = await serve(protocol, 'closing');

    expect(await problem(port, protocol)).toMatch(/closed (the connection )?before/);
  });

  test.each(['silent', 'hanging'] as const)(
    'A probe gives up on a %s server and closes its socket',
    async (how) => {
      const server = await serve(protocol, how);

      expect(await problem(server.port, protocol, 1)).toBe('no answer within 1 s');
      await expect.poll(server.open).toBe(0);
    },
  );
});

test.each([
  ['imap', '* PREAUTH welcome back\r\n', /^STARTTLS is not offered \("\* PREAUTH welcome back"\)/],
  ['imap', '* BYE too many\r\n', /^the answer is not imap: "\* BYE too many"/],
  ['smtp', '554 go away\r\n', /^the answer is not smtp: "554 go away"/],
  ['pop3', '-ERR busy\r\n', /^the answer is not pop3: "-ERR busy"/],
  ['smtp', '220 \u001b[31mred\u0007\r\n421 closing\r\n', /^the answer is not smtp: "421 closing"/],
  ['pop3', '\u001b]0;title\u0007\r\n', /^the answer is not pop3: "\?\]0;title\?"/],
] as const)('%s refuses an invalid greeting: %j', async (protocol, greeting, words) => {
  const server = await serveTcp((socket) => void socket.write(greeting));
  servers.push(server);

  expect(await problem(server.port, protocol)).toMatch(words);
});

test('A probe of pop3 requests STLS even where CAPA is unknown', async () => {
  const server = await serveTcp((socket) => {
    socket.write('+OK old\r\n');
    socket.on(
      'data',
      (request) => void socket.write(/CAPA/.test(String(request)) ? '-ERR\r\n' : '-ERR no TLS\r\n'),
    );
  });
  servers.push(server);

  expect(await problem(server.port, 'pop3')).toBe('STARTTLS is not offered ("-ERR no TLS")');
});

test.each([
  ['an indefinite length', '3080'],
  ['a length of five bytes', '30850000000000'],
  ['an answer that ends too soon', '3003020101'],
  ['another kind of answer', '300c02010161070a010004000400'],
])('A probe of ldap refuses %s', async (_, hex) => {
  const server = await serveTcp((socket) => void socket.write(Buffer.from(hex, 'hex')));
  servers.push(server);

  expect(await problem(server.port, 'ldap')).toMatch(/^the answer is not ldap/);
});
