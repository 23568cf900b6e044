import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { aStrangeKey } from '../fixtures/hierarchies.ts';
import { failsOnce } from './fails-once.ts';
import { nginxIn } from './nginx.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

/** nginx from its Debian package. */
export const nginxDaemon: DaemonUnderContract = {
  kind: 'nginx',
  title: 'nginx',
  needs: [program('nginx')],
  version: () => /nginx\/([\d.]+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? '',
  site: nginxSite,
};

async function nginxSite(folder: string): Promise<Site> {
  const { conf, port, certPath, keyPath, reloadCommand, ...nginx } = await nginxIn(folder);
  return {
    config: { certPath, keyPath, configPath: conf },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    liveFiles: [certPath, keyPath],
    keyFile: keyPath,
    installByHand(version) {
      writeFileSync(certPath, version.fullchainPem);
      writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
    },
    start: () => nginx.start(),
    stop: () => nginx.stop(),
    wouldStart: () => !nginx.startFails(),
    served: () => servedBy(port),
    makeCheckRefuse() {
      const stranger = join(folder, 'stranger.key');
      writeFileSync(stranger, aStrangeKey(), { mode: 0o600 });
      writeFileSync(conf, readFileSync(conf, 'utf8').replace(keyPath, stranger));
    },
    failOnce: (marker) => failsOnce(marker, reloadCommand),
    ineffectiveReload: { reloadCommand: ['true'] },
  };
}
