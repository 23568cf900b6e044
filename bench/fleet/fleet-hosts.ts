import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';

/** The name in the certificates of all hosts. */
export const fleetName = 'www.example.test';

/** A simulated host: a folder, and a TLS server that reads the files of the folder after each reload. */
export interface FleetHost {
  /** The id of the host and of its only target. */
  readonly id: string;
  /** The entry of the targets file. */
  readonly target: object;
  /** If true, the server ignores reloads and serves its present certificate. */
  isStuck: boolean;
  /** The fingerprint of the leaf on a new connection; null if there is none. */
  served(): Promise<string | null>;
  /** Names and digests of the files that the server reads. */
  files(): string;
  close(): void;
}

/** Starts `local-001`, `local-002`, …, none of which has a certificate yet. */
export function startHosts(count: number, folder: string): Promise<FleetHost[]> {
  const ids = Array.from({ length: count }, (_, index) => `local-${String(index + 1).padStart(3, '0')}`);
  return Promise.all(ids.map((id) => startHost(id, join(folder, id))));
}

async function startHost(id: string, folder: string): Promise<FleetHost> {
  const served = join(folder, 'tls');
  mkdirSync(served, { recursive: true });
  const [certPath, keyPath] = [join(served, 'fullchain.pem'), join(served, 'privkey.pem')];
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host: FleetHost = {
    id,
    target: {
      id,
      certificate: fleetName,
      host: id,
      kind: 'files',
      config: { certPath, keyPath, reloadCommand: ['touch', join(folder, reload)] },
      verify: { endpoint: `127.0.0.1:${port}`, serverName: fleetName, attempts: 2, initialBackoffSeconds: 1 },
    },
    isStuck: false,
    served: () => servedAt(port),
    files: () => digestsIn(served),
    close() {
      watcher.close();
      server.close();
    },
  };
  // one watcher per host, so that a reload concerns only this host
  const watcher = watch(folder, (_, name) => {
    if (name !== reload || host.isStuck) return;
    server.setSecureContext({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
  });
  return host;
}

const reload = 'reload';

async function servedAt(port: number): Promise<string | null> {
  const socket = connect({ host: '127.0.0.1', port, servername: fleetName, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    const { raw } = socket.getPeerCertificate();
    return `sha256:${createHash('sha256').update(raw).digest('hex')}`;
  } catch {
    return null;
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

function digestsIn(folder: string): string {
  const names = readdirSync(folder).sort();
  const digest = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return names.map((name) => `${name} ${digest(name)}`).join('\n');
}
