import { X509Certificate } from 'node:crypto';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { fingerprintOf } from '../../../core/certificate/facts.ts';
import type { Observation } from '../../../core/deployment/agent-line.ts';
import type { KeyAlgorithm, VersionFacts } from '../../../core/deployment/version.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { probe } from '../../../core/tls-probe/probe.ts';

export interface Endpoint {
  readonly port: number;
  /** How many connections were ever accepted. */
  readonly accepted: () => number;
  /** Resolves once no connection is open any more. */
  readonly quiet: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A real TLS server on loopback. */
export async function serveTls(options: TlsOptions, host = '127.0.0.1', port = 0): Promise<Endpoint> {
  const server = createTlsServer(options, (socket) => void socket.on('error', () => {}).resume());
  server.on('tlsClientError', () => {});
  return await listen(server, host, port);
}

/** A TCP server that does as `attend` says. */
export async function serveTcp(attend: (socket: Socket) => void): Promise<Endpoint> {
  return await listen(createTcpServer(attend), '127.0.0.1', 0);
}

/** Starts a server, and counts its connections. */
export async function listen(server: Server, host: string, port: number): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let settle = () => {};
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket);
        if (sockets.size === 0) settle();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    accepted: () => accepted,
    quiet: () =>
      new Promise((resolve) => {
        settle = resolve;
        if (sockets.size === 0) resolve();
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A version as it is served. */
export function served({ fullchainPem, keyPem }: IssuedCertificate): { cert: string; key: string } {
  return { cert: fullchainPem, key: keyPem };
}

/** What is known of an issued certificate without its bytes. */
export function versionOf(issued: IssuedCertificate, keyAlgorithm: KeyAlgorithm = 'ec'): VersionFacts {
  const chain = issued.chainPem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const leaf = new X509Certificate(issued.certPem);
  return {
    fingerprint: issued.fingerprint,
    chain: chain.map((pem) => fingerprintOf(new X509Certificate(pem))),
    keyAlgorithm,
    notAfter: Date.parse(leaf.validTo) / 1000,
  };
}

/** How to verify a server on a port of loopback, with one handshake; the factories' leaf is for www.example.test. */
export function verifyOf(port: number, known: Record<string, unknown> = {}): Verify {
  const usual = { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test', successThreshold: 1 };
  return Verify.parse({ ...usual, ...known });
}

/** The one observation of a server on 127.0.0.1. */
export async function observe(
  port: number,
  version: VersionFacts | null,
  known: Record<string, unknown> = {},
): Promise<Observation> {
  const observations = await probe({ verify: verifyOf(port, known), version });
  const [observation] = observations;
  if (observation === undefined || observations.length > 1)
    throw new Error(`${observations.length} observations`);
  return observation;
}
