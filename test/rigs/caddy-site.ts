import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { aStrangeKey } from '../fixtures/hierarchies.ts';
import { type Caddy, caddyIn } from './caddy.ts';
import { adminProxy, type Interference } from './caddy-admin-proxy.ts';
import { failsOnce } from './fails-once.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

const common = {
  kind: 'caddy',
  needs: [program('caddy')],
  version: () => spawnSync('caddy', ['version'], { encoding: 'utf8' }).stdout.trim().split(' ')[0] ?? '',
} as const satisfies Partial<DaemonUnderContract>;

const api = {
  ...common,
  dryRun: 'validate_unsupported',
} as const;
const noCheck = 'the admin API accepts or refuses a whole configuration and has no separate check';

/** A site that also gives access to its Caddy. */
export interface CaddySite extends Site {
  readonly caddy: Caddy;
  /** Configuration that sends the agent's changes through an interfering proxy. At most once per site. */
  through(interfere: Interference): Readonly<Record<string, unknown>>;
}

/** Caddy from its Debian package, with each way to configure a certificate. */
export const caddyDaemons = {
  file: { ...common, title: 'caddy', site: fileSite },
  loadFiles: {
    ...api,
    title: 'caddy (API, load_files)',
    exceptions: { refusal: noCheck },
    site: (folder: string) => loadFilesSite(folder),
  },
  loadPem: {
    ...api,
    title: 'caddy (API, load_pem)',
    exceptions: {
      refusal: noCheck,
      first: 'the running configuration of Caddy already contains a certificate',
    },
    site: (folder: string) => loadPemSite(folder),
  },
} satisfies Readonly<Record<string, DaemonUnderContract>>;

export async function fileSite(folder: string): Promise<CaddySite> {
  const caddy = await caddyIn(folder, 'load_files');
  const { conf, certPath, keyPath } = caddy;
  const reloadCommand = ['caddy', 'reload', '--config', conf, '--force'];
  return {
    ...siteOf(caddy),
    caddy,
    through: () => {
      throw new Error('nothing goes through the API in this mode');
    },
    config: { certPath, keyPath, configPath: conf },
    makeCheckRefuse() {
      const stranger = join(folder, 'stranger.key');
      writeFileSync(stranger, aStrangeKey(), { mode: 0o600 });
      writeFileSync(conf, readFileSync(conf, 'utf8').replace(keyPath, stranger));
    },
    failOnce: (marker) => failsOnce(marker, reloadCommand),
    ineffectiveReload: { reloadCommand: ['true'] },
  };
}

export async function loadFilesSite(folder: string, adminSocket?: string): Promise<CaddySite> {
  const caddy = await caddyIn(folder, 'load_files', adminSocket);
  const { conf: configPath } = caddy;
  return {
    ...(await apiSite(caddy, {})),
    whileStopped: { mode: 'file', adminAddress: undefined, configPath, reloadCommand: ['true'] },
  };
}

export async function loadPemSite(folder: string): Promise<CaddySite> {
  const caddy = await caddyIn(folder, 'load_pem');
  const site = await apiSite(caddy, { loader: 'load_pem' });
  return {
    ...site,
    installByHand(version) {
      site.installByHand(version);
      caddy.configure([{ certificate: version.fullchainPem, key: version.keyPem }]);
    },
  };
}

/** Proxies between the agent and the API make `failOnce` and `ineffectiveReload`. */
async function apiSite(caddy: Caddy, changes: object): Promise<CaddySite> {
  const { certPath, keyPath, adminPort, adminAddress } = caddy;
  const [interfering, deaf] = [await freePort(), await freePort()];
  const proxies: Server[] = [adminProxy(deaf, adminPort, () => ({ status: 200, body: '' }))];
  const through = (interfere: Interference): Readonly<Record<string, unknown>> => {
    proxies.push(adminProxy(interfering, adminPort, interfere));
    return { adminAddress: `127.0.0.1:${interfering}` };
  };
  return {
    ...siteOf(caddy),
    caddy,
    through,
    config: { mode: 'api', certPath, keyPath, adminAddress, ...changes },
    async stop() {
      for (const proxy of proxies.splice(0)) proxy.close();
      await caddy.stop();
    },
    makeCheckRefuse: null,
    failOnce: (marker) => through(refuseOnce(marker)),
    ineffectiveReload: { adminAddress: `127.0.0.1:${deaf}` },
  };
}

function refuseOnce(marker: string): Interference {
  return () => {
    if (existsSync(marker)) return null;
    writeFileSync(marker, '');
    return { status: 500, body: '{"error":"loading new config: worker is stuck"}' };
  };
}

function siteOf(caddy: Caddy): Omit<Site, 'config' | 'failOnce' | 'ineffectiveReload' | 'makeCheckRefuse'> {
  const { port, certPath, keyPath } = caddy;
  return {
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    liveFiles: [certPath, keyPath],
    keyFile: keyPath,
    installByHand(version) {
      writeFileSync(certPath, version.fullchainPem);
      writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
    },
    start: () => caddy.start(),
    stop: () => caddy.stop(),
    wouldStart: () => !caddy.startFails(),
    served: () => servedBy(port),
  };
}
