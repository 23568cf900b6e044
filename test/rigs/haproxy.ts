import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import { processesWith, reachable, terminate, until } from './processes.ts';

/** The argument of `bind … crt` and the files that haproxy reads for it. */
export interface Layout {
  readonly crt: string;
  readonly pemPath: string;
  readonly keyPath: string | null;
}

/** A real haproxy with master and worker, with its own configuration in a scratch folder, on a loopback port. */
export interface Haproxy extends Layout {
  readonly conf: string;
  readonly port: number;
  readonly statsSocket: string;
  /** Reload command without systemd: pkill(1) of procps with the master's pid file. */
  readonly reloadCommand: string[];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether it would refuse to start with the present files. */
  startFails(): boolean;
}

/** File layouts by name, in a folder for certificates. */
export const layouts = {
  combined: (tls: string) => ({ crt: join(tls, 'site.pem'), pemPath: join(tls, 'site.pem'), keyPath: null }),
  directory: (tls: string) => ({ crt: `${tls}/`, pemPath: join(tls, 'site.pem'), keyPath: null }),
  separateKey: (tls: string) => ({
    crt: join(tls, 'site.pem'),
    pemPath: join(tls, 'site.pem'),
    keyPath: join(tls, 'site.pem.key'),
  }),
} satisfies Readonly<Record<string, (tls: string) => Layout>>;

/** Writes the configuration, with `extra` at its end. Does not start the daemon. */
export async function haproxyIn(root: string, layout: (tls: string) => Layout, extra = ''): Promise<Haproxy> {
  const port = await freePort();
  const tls = join(root, 'tls');
  mkdirSync(tls, { recursive: true });
  const conf = join(root, 'haproxy.cfg');
  const pid = join(root, 'haproxy.pid');
  const statsSocket = join(root, 'admin.sock');
  const files = layout(tls);
  writeFileSync(conf, configuration(statsSocket, port, files.crt) + extra);
  return {
    ...files,
    conf,
    port,
    statsSocket,
    reloadCommand: ['pkill', '-USR2', '-F', pid],
    startFails: () => spawnSync('haproxy', ['-c', '-q', '-f', conf], { stdio: 'ignore' }).status !== 0,
    async start() {
      const child = spawn('haproxy', ['-W', '-D', '-f', conf, '-p', pid], { stdio: 'ignore' });
      const code = await new Promise((resolve) => child.once('exit', resolve));
      if (code !== 0) throw new Error(`haproxy -f ${conf} ended with ${code}`);
      await until(() => reachable(port), `haproxy on port ${port}`);
    },
    async stop() {
      // A master that reloads rewrites its pid file, so processes are found by their configuration instead. It may start
      // a process after the others have been found, so this is repeated.
      await until(() => {
        const found = processesWith(conf);
        for (const id of found) terminate(id);
        return found.length === 0;
      }, `haproxy -f ${conf} to end`);
    },
  };
}

function configuration(statsSocket: string, port: number, crt: string): string {
  return `global
  stats socket ${statsSocket} mode 600 level admin
  hard-stop-after 5s
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend www
  bind 127.0.0.1:${port} ssl crt ${crt}
  http-request return status 200 content-type text/plain string ok
`;
}

/** The output of one command on haproxy's stats socket. */
export function askHaproxy(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer.trim()));
    socket.write(`${command}\n`);
  });
}
