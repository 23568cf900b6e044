import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { folderOf } from './open-folder.ts';
import type { PresetDaemon } from './preset-site.ts';
import { program } from './require-daemon.ts';
import { servedAfterStarttls } from './served-after-starttls.ts';

/** MariaDB from its Debian package, with its own data folder; root connects over the socket. */
export const mariadb: PresetDaemon = {
  preset: 'mariadb',
  user: 'mysql',
  needs: [program('mariadbd', 'mariadb-server'), program('mariadb', 'mariadb-client'), program('openssl')],
  version: () =>
    /Ver ([\d.]+)/.exec(spawnSync('mariadbd', ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
  prepare({ folder, port, certPath, keyPath }) {
    const [data, sockets] = [folderOf('mysql', folder, 'data'), folderOf('mysql', folder, 'sockets')];
    const socket = join(sockets, 'mysqld.sock');
    const install = [
      ...['--no-defaults', '--user=mysql', `--datadir=${data}`, '--skip-test-db'],
      '--auth-root-authentication-method=socket',
    ];
    const { status, stderr } = spawnSync('mariadb-install-db', install, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mariadb-install-db ended with ${status}: ${stderr}`);
    return {
      argv: [
        ...['mariadbd', '--no-defaults', '--user=mysql', `--datadir=${data}`, `--socket=${socket}`],
        ...[`--port=${port}`, '--bind-address=127.0.0.1', `--pid-file=${join(sockets, 'pid')}`],
        ...[`--ssl-cert=${certPath}`, `--ssl-key=${keyPath}`, '--innodb-flush-log-at-trx-commit=0'],
        // MariaDB blocks addresses after this many connections without a login, except loopback
        '--max-connect-errors=3',
      ],
      instance: { socket },
      withoutTls: ['--skip-ssl'],
      served: () => servedAfterStarttls(port, 'mysql'),
    };
  },
};
