import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './open-folder.ts';
import type { PresetDaemon } from './preset-site.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

/** Redis from its Debian package, with TLS for clients and a socket for root. */
export const redis: PresetDaemon = {
  preset: 'redis',
  user: 'redis',
  needs: [program('redis-server'), program('redis-cli', 'redis-tools')],
  version: () =>
    /v=([\d.]+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
  prepare({ folder, port, certPath, keyPath }) {
    const data = folderOf('redis', folder, 'data');
    const [conf, socket] = [join(folder, 'redis.conf'), join(data, 'redis.sock')];
    writeFileSync(
      conf,
      `bind 127.0.0.1
port 0
tls-port ${port}
tls-cert-file ${certPath}
tls-key-file ${keyPath}
tls-auth-clients no
unixsocket ${socket}
dir ${data}
save ""
`,
    );
    return {
      argv: ['redis-server', conf],
      runAs: 'redis',
      instance: { socket },
      served: () => servedBy(port),
    };
  },
};
