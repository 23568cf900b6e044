import { X509Certificate } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { pairMatches } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';

/** How a daemon watches files, according to its manual. */
export interface WatchingHabits {
  readonly port: number;
  /** Port of an admin interface like Envoy's. Null if there is none. */
  readonly adminPort: number | null;
  readonly certPath: string;
  readonly keyPath: string;
  /** The daemon reads certificate and key when this file is replaced. */
  readonly watchedPath: string;
  /** What it serves if the files do not match: the previous certificate (Envoy) or its default certificate (Traefik). */
  readonly afterMismatch: 'old' | 'own';
}

/** A TLS server that reads its files when a watched file is replaced. Stands in for Envoy and Traefik. */
export interface WatchingServer {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Creates a server. Does not start it. */
export function watchingServer(habits: WatchingHabits): WatchingServer {
  const { port, adminPort, certPath, keyPath, watchedPath } = habits;
  const state = { leafPem: null as string | null, refused: 0 };
  let tls: Server | null = null;
  let admin: HttpServer | null = null;
  let watcher: FSWatcher | null = null;
  const read = async (): Promise<void> => {
    const matches = isPair(certPath, keyPath);
    if (matches) state.leafPem = readFileSync(certPath, 'utf8');
    else state.refused += 1;
    if (matches) tls?.setSecureContext({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
    else if (habits.afterMismatch === 'own') tls?.setSecureContext(await ownPair());
  };
  return {
    async start() {
      tls = createServer();
      await read();
      watcher = watch(dirname(watchedPath), (event, name) => {
        if (event === 'rename' && name === basename(watchedPath)) void read();
      });
      await listen(tls, port);
      if (adminPort === null) return;
      admin = createHttpServer((request, response) =>
        response.end(JSON.stringify(request.url === '/certs' ? certs(state.leafPem) : stats(state.refused))),
      );
      await listen(admin, adminPort);
    },
    async stop() {
      watcher?.close();
      for (const server of [tls, admin]) if (server?.listening) await close(server);
    },
  };
}

/** False also if one of the files is missing. */
export function isPair(certPath: string, keyPath: string): boolean {
  try {
    return pairMatches(certPath, keyPath);
  } catch {
    return false;
  }
}

async function ownPair(): Promise<{ cert: string; key: string }> {
  const { certPem, keyPem } = await aVersion({ names: ['own.example.test'] });
  return { cert: certPem, key: keyPem };
}

/** Envoy's response to `/certs`. */
function certs(leafPem: string | null): object {
  if (leafPem === null) return { certificates: [] };
  const { serialNumber, validFrom, validTo } = new X509Certificate(leafPem);
  const leaf = {
    path: '<inline>',
    serial_number: serialNumber.toLowerCase(),
    valid_from: new Date(validFrom).toISOString(),
    expiration_time: new Date(validTo).toISOString(),
  };
  return { certificates: [{ ca_cert: [], cert_chain: [leaf] }] };
}

/** Envoy's response to `/stats?format=json`, with histograms at the end. */
function stats(refused: number): object {
  return { stats: [{ name: 'sds.server_cert.key_rotation_failed', value: refused }, { histograms: {} }] };
}

function listen(server: NetServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function close(server: NetServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) (server as HttpServer).closeAllConnections();
  });
}
