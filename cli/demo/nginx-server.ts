import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Target } from '../../core/targets/target.ts';
import { UsageError } from '../terminal/errors.ts';
import { type DemoServer, endProcess, serverName, verifyAt } from './demo-server.ts';
import { freePort } from './free-port.ts';
import type { IssuedCertificate } from './throwaway-ca.ts';

/**
 * Starts the nginx found in PATH with its own configuration, port and folder. nginx does not start without a certificate,
 * so `placeholder` is installed first.
 */
export async function startNginx(scratch: string, placeholder: IssuedCertificate): Promise<DemoServer> {
  if (spawnSync('nginx', ['-v']).status !== 0) {
    throw new UsageError('nginx is not in PATH. Install it, or run the demo without --daemon nginx.');
  }
  const folder = join(scratch, 'nginx');
  for (const name of ['', 'tls', 'logs', 'temp']) mkdirSync(join(folder, name));
  const paths = { certPath: join(folder, 'tls/fullchain.pem'), keyPath: join(folder, 'tls/privkey.pem') };
  writeFileSync(paths.certPath, placeholder.fullchainPem);
  writeFileSync(paths.keyPath, placeholder.keyPem, { mode: 0o600 });
  const port = await freePort();
  const ignoreReloads = join(folder, 'ignore-reloads');
  writeFileSync(join(folder, 'nginx.conf'), configOf(folder, port));
  writeReload(folder, ignoreReloads);
  const child = spawn('nginx', [...nginxArgs(folder), '-g', 'daemon off;'], { stdio: 'inherit' });
  await waitForPort(port);
  return {
    description: `nginx, process ${child.pid}, with its own configuration, on 127.0.0.1:${port}`,
    paths,
    target: Target.parse({
      id: 'demo-nginx',
      certificate: serverName,
      host: 'local',
      kind: 'nginx',
      config: {
        ...paths,
        validateCommand: ['nginx', ...nginxArgs(folder), '-t'],
        reloadCommand: [join(folder, 'reload')],
      },
      verify: verifyAt(`127.0.0.1:${port}`, serverName),
    }),
    ignoreReloads: () => writeFileSync(ignoreReloads, ''),
    stop: () => endProcess(child, 'SIGTERM'),
  };
}

function nginxArgs(folder: string): string[] {
  return ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'logs/error.log')];
}

/** `nginx -s reload` succeeds when the signal is sent. While the file `ignoreReloads` exists, the script sends none. */
function writeReload(folder: string, ignoreReloads: string): void {
  const file = join(folder, 'reload');
  const command = ['nginx', ...nginxArgs(folder), '-s', 'reload'].map((word) => `'${word}'`).join(' ');
  writeFileSync(file, `#!/bin/sh\nif [ -e '${ignoreReloads}' ]; then exit 0; fi\nexec ${command}\n`);
  chmodSync(file, 0o755);
}

function configOf(folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    `pid ${folder}/nginx.pid;`,
    'events {}',
    'http {',
    '  access_log off;',
    ...temporary.map((name) => `  ${name}_temp_path ${folder}/temp/${name};`),
    '  server {',
    `    listen 127.0.0.1:${port} ssl;`,
    `    server_name ${serverName};`,
    `    ssl_certificate ${folder}/tls/fullchain.pem;`,
    `    ssl_certificate_key ${folder}/tls/privkey.pem;`,
    '    return 200 "ok\\n";',
    '  }',
    '}',
    '',
  ].join('\n');
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await answers(port)) return;
    await sleep(50);
  }
  throw new Error(`nginx does not listen on port ${port} after 5 seconds. Its error message is above.`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
