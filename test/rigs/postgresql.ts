import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './open-folder.ts';
import type { PresetDaemon } from './preset-site.ts';
import { type Need, program } from './require-daemon.ts';
import { servedAfterStarttls } from './served-after-starttls.ts';

/** Debian installs each major version in its own folder, which is not on the PATH. */
const versions = '/usr/lib/postgresql';

const server: Need = {
  name: 'postgres (apt-get install postgresql)',
  met: () => existsSync(versions) && readdirSync(versions).length > 0,
};

/** PostgreSQL from its Debian package, with its own cluster. */
export const postgresql: PresetDaemon = {
  preset: 'postgresql',
  user: 'postgres',
  needs: [server, program('runuser', 'util-linux'), program('openssl')],
  version: () => /[\d.]+/.exec(run([programOf('postgres'), '--version']))?.[0] ?? '',
  prepare({ folder, port, certPath, keyPath }) {
    const [data, sockets] = [folderOf('postgres', folder, 'data'), folderOf('postgres', folder, 'sockets')];
    run(['runuser', '-u', 'postgres', '--', programOf('initdb'), '-D', data, '-A', 'peer', '-N']);
    appendFileSync(
      join(data, 'postgresql.conf'),
      `listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${sockets}'
fsync = off
ssl = on
ssl_cert_file = '${certPath}'
ssl_key_file = '${keyPath}'
`,
    );
    const asked = [
      'runuser',
      '-u',
      'postgres',
      '--',
      'psql',
      '-h',
      sockets,
      '-p',
      `${port}`,
      '-c',
      'SELECT 1',
    ];
    return {
      argv: [programOf('postgres'), '-D', data],
      runAs: 'postgres',
      // fast shutdown, which does not wait for clients
      stopSignal: 'SIGINT',
      instance: { socket: sockets, port },
      withoutTls: ['-c', 'ssl=off'],
      served: () => servedAfterStarttls(port, 'postgres'),
      isReady: () => succeeds(asked),
    };
  },
};

function programOf(name: string): string {
  return join(versions, readdirSync(versions).sort().at(-1) ?? '', 'bin', name);
}

function run([file = '', ...args]: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

function succeeds([file = '', ...args]: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore', cwd: '/' }).status === 0;
}
