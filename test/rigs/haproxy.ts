import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import { isAlive, pidIn, reachable, until } from './processes.ts';

/** How haproxy is told of its certificate, as `bind … crt` has it, and the files that are behind it. */
export interface Layout {
  readonly crt: string;
  readonly pemPath: string;
  readonly keyPath: string | null;
}

/** A real haproxy, master and worker, with a configuration of its own in a scratch folder, on a port of loopback. */
export interface Haproxy extends Layout {
  readonly conf: string;
  readonly port: number;
  readonly statsSocket: string;
  /** As for a haproxy without systemd: the master's pid file and pkill(1) of procps. */
  readonly reloadCommand: string[];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether it would refuse to start on the files as they are now. */
  startFails(): boolean;
}

/** Layouts by name, below a folder for certificates. */
export const layouts = {
  combined: (tls: string) => ({ crt: join(tls, 'site.pem'), pemPath: join(tls, 'site.pem'), keyPath: null }),
  directory: (tls: string) => ({ crt: `${tls}/`, pemPath: join(tls, 'site.pem'), keyPath: null }),
  separateKey: (tls: string) => ({
    crt: join(tls, 'site.pem'),
    pemPath: join(tls, 'site.pem'),
    keyPath: join(tls, 'site.pem.key'),
  }),
} satisfies Readonly<Record<string, (tls: string) => Layout>>;

/** Writes the configuration; nothing is started. `extra` goes to the end of it. */
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
      const id = pidIn(pid);
      if (id === null) return;
      process.kill(id, 'SIGTERM');
      await until(() => !isAlive(id), `haproxy ${id} to end`);
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

/** What a haproxy answers to one command on its stats socket. */
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
