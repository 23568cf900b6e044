import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './open-folder.ts';
import type { PresetDaemon } from './preset-site.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

/** Mosquitto from its Debian package. */
export const mosquitto: PresetDaemon = {
  preset: 'mosquitto',
  user: 'mosquitto',
  needs: [program('mosquitto'), program('pkill', 'procps')],
  version: () =>
    /version ([\d.]+)/.exec(spawnSync('mosquitto', ['-h'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
  prepare({ folder, port, certPath, keyPath }) {
    const data = folderOf('mosquitto', folder, 'data');
    const [conf, pidFile] = [join(folder, 'mosquitto.conf'), join(data, 'mosquitto.pid')];
    writeFileSync(
      conf,
      `user mosquitto
pid_file ${pidFile}
listener ${port} 127.0.0.1
certfile ${certPath}
keyfile ${keyPath}
allow_anonymous true
`,
    );
    return {
      argv: ['mosquitto', '-c', conf],
      instance: { pidFile },
      served: () => servedBy(port),
      isReady: () => existsSync(pidFile),
    };
  },
};
