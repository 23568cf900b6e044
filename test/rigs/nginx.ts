import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import { isAlive, until, untilListening } from './processes.ts';

/** A real nginx with its own configuration in a scratch folder, on a loopback port. */
export interface Nginx {
  readonly conf: string;
  readonly port: number;
  readonly certPath: string;
  readonly keyPath: string;
  readonly validateCommand: string[];
  readonly reloadCommand: string[];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Exit code of a start with the present files. */
  startFails(): boolean;
}

/** Writes the configuration, with `extra` in the server block. Does not start the daemon. */
export async function nginxIn(root: string, extra = ''): Promise<Nginx> {
  const port = await freePort();
  const tls = join(root, 'tls');
  mkdirSync(tls, { recursive: true });
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const conf = join(root, 'nginx.conf');
  const pid = join(root, 'nginx.pid');
  const paths = { certPath: join(tls, 'fullchain.pem'), keyPath: join(tls, 'privkey.pem') };
  writeFileSync(
    conf,
    `worker_processes 1; pid ${pid}; error_log ${join(root, 'error.log')} warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${join(root, 'tmp')}; proxy_temp_path ${join(root, 'tmp')}; fastcgi_temp_path ${join(root, 'tmp')};
  uwsgi_temp_path ${join(root, 'tmp')}; scgi_temp_path ${join(root, 'tmp')};
  server {
    listen 127.0.0.1:${port} ssl;
    server_name www.example.test;
    ssl_certificate ${paths.certPath};
    ssl_certificate_key ${paths.keyPath};
    ${extra}
    return 200 "ok";
  }
}
`,
  );
  const nginx = (...args: string[]): string[] => ['nginx', '-c', conf, ...args];
  const run = (argv: string[]): number =>
    spawnSync(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' }).status ?? 1;
  return {
    conf,
    port,
    ...paths,
    validateCommand: nginx('-t'),
    reloadCommand: nginx('-s', 'reload'),
    startFails: () => run(nginx('-t')) !== 0,
    async start() {
      const child = spawn('nginx', ['-c', conf], { stdio: 'ignore' });
      await new Promise((resolve) => child.once('exit', resolve));
      await untilListening('nginx', port, join(root, 'error.log'));
    },
    async stop() {
      if (!existsSync(pid)) return;
      const id = Number(readFileSync(pid, 'utf8'));
      // nginx may have exited before it wrote its id; id 0 would signal this process group
      if (!(id > 1)) return;
      process.kill(id, 'SIGTERM');
      await until(() => !isAlive(id), `nginx ${id} to end`);
    },
  };
}
