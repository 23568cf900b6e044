import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import { until, untilListening } from './processes.ts';

/** How Caddy's configuration contains the certificate. */
export type CaddyLoader = 'load_files' | 'load_pem';

/** A real Caddy with its own configuration and home in a scratch folder, on loopback ports. */
export interface Caddy {
  readonly conf: string;
  readonly log: string;
  readonly port: number;
  readonly adminPort: number;
  /** In Caddy's format: host and port, or `unix/` and a path. */
  readonly adminAddress: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** Writes the configuration with these entries in place of the first one. */
  configure(entries: readonly object[]): void;
  /** Options override the configuration: `--resume` loads the last one from the API, `--config` another file. */
  start(...options: string[]): Promise<void>;
  stop(): Promise<void>;
  /** Whether its own check accepts the present files. */
  startFails(): boolean;
  admin(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }>;
  /** The entries of the running configuration. */
  running(): Promise<readonly { certificate: string; key: string; tags?: string[] }[]>;
}

/** Writes the configuration, with the admin API on a port or (given a path) a socket. Does not start Caddy. */
export async function caddyIn(root: string, loader: CaddyLoader, adminSocket?: string): Promise<Caddy> {
  const port = await freePort();
  const adminPort = await freePort();
  const [tls, conf, log] = [join(root, 'tls'), join(root, 'caddy.json'), join(root, 'caddy.log')];
  mkdirSync(tls, { recursive: true });
  const paths = { certPath: join(tls, 'fullchain.pem'), keyPath: join(tls, 'privkey.pem') };
  const env = { ...process.env, XDG_CONFIG_HOME: join(root, 'xdg'), XDG_DATA_HOME: join(root, 'xdg') };
  const adminAddress = adminSocket === undefined ? `127.0.0.1:${adminPort}` : `unix/${adminSocket}`;
  const configure = (entries: readonly object[]): void =>
    writeFileSync(
      conf,
      JSON.stringify(configuration({ root, port, listen: adminAddress, loader, entries }), null, 2),
      {
        mode: 0o600,
      },
    );
  configure(loader === 'load_files' ? [{ certificate: paths.certPath, key: paths.keyPath }] : []);
  let child: ChildProcess | null = null;
  const admin: Caddy['admin'] = (method, path, body) =>
    ask(
      { ...(adminSocket === undefined ? { port: adminPort } : { socketPath: adminSocket }) },
      method,
      path,
      body,
    );
  return {
    conf,
    log,
    port,
    adminPort,
    adminAddress,
    ...paths,
    configure,
    admin,
    startFails: () =>
      spawnSync('caddy', ['validate', '--config', conf], { stdio: 'ignore', env }).status !== 0,
    async running() {
      return JSON.parse((await admin('GET', `/config/apps/tls/certificates/${loader}`)).body);
    },
    async start(...options) {
      const output = openSync(log, 'a');
      child = spawn('caddy', ['run', '--config', conf, ...options], {
        stdio: ['ignore', output, output],
        env,
      });
      await untilListening('caddy', port, log);
    },
    async stop() {
      const ending = child;
      child = null;
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
      ending.kill('SIGTERM');
      await until(() => ending.exitCode !== null || ending.signalCode !== null, 'caddy to end');
    },
  };
}

interface Configuration {
  readonly root: string;
  readonly port: number;
  readonly listen: string;
  readonly loader: CaddyLoader;
  readonly entries: readonly object[];
}

function configuration({ root, port, listen, loader, entries }: Configuration): object {
  const server = {
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    tls_connection_policies: [{}],
    routes: [{ handle: [{ handler: 'static_response', body: 'ok' }] }],
  };
  return {
    admin: { listen },
    storage: { module: 'file_system', root: join(root, 'storage') },
    apps: { http: { servers: { web: server } }, tls: { certificates: { [loader]: entries } } },
  };
}

function ask(
  to: { port: number } | { socketPath: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...('port' in to ? {} : { Host: '' }),
      'Content-Type': 'application/json',
    };
    const sent = request(
      { host: '127.0.0.1', ...to, method, path, headers, agent: false, setHost: 'port' in to },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The file in which Caddy saves its configuration for `--resume`. */
export function autosaved(root: string): string {
  return readFileSync(join(root, 'xdg', 'caddy', 'autosave.json'), 'utf8');
}
