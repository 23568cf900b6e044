import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { failsOnce } from './fails-once.ts';
import { type Haproxy, haproxyIn, type Layout, layouts } from './haproxy.ts';
import { betweenHaproxy } from './haproxy-socket-proxy.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

const common = {
  kind: 'haproxy',
  needs: [program('haproxy'), program('pkill', 'procps')],
  version: () => /version (\d\S*)/.exec(spawnSync('haproxy', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
} as const satisfies Partial<DaemonUnderContract>;

/** haproxy from its Debian package, with each file layout and mode. */
export const haproxyDaemons = {
  combined: { ...common, title: 'haproxy', site: (folder) => reloaded(folder, layouts.combined) },
  directory: {
    ...common,
    title: 'haproxy (crt directory)',
    site: (folder) => reloaded(folder, layouts.directory),
  },
  separateKey: {
    ...common,
    title: 'haproxy (separate key)',
    site: (folder) => reloaded(folder, layouts.separateKey),
  },
  runtime: {
    ...common,
    title: 'haproxy (runtime)',
    site: (folder: string, extra = '') => updatedAtRuntime(folder, layouts.combined, extra),
  },
  runtimeSeparateKey: {
    ...common,
    title: 'haproxy (runtime, separate key)',
    site: (folder) => updatedAtRuntime(folder, layouts.separateKey),
  },
} satisfies Readonly<Record<string, DaemonUnderContract>>;

async function reloaded(folder: string, layout: (tls: string) => Layout): Promise<Site> {
  const haproxy = await haproxyIn(folder, layout);
  const { reloadCommand } = haproxy;
  return {
    ...siteOf(haproxy),
    config: { ...configOf(haproxy), reloadCommand },
    failOnce: (marker) => failsOnce(marker, reloadCommand),
    ineffectiveReload: { reloadCommand: ['true'] },
  };
}

/** A site in mode `runtime`, which also serves another certificate. */
export interface RuntimeSite extends Site {
  readonly statsSocket: string;
  /** The names of the site's certificate and of the other one in haproxy's memory. */
  readonly name: string;
  readonly other: string;
}

async function updatedAtRuntime(
  folder: string,
  layout: (tls: string) => Layout,
  more = '',
): Promise<RuntimeSite> {
  const other = join(folder, 'other', 'other.pem');
  mkdirSync(join(folder, 'other'));
  writeCombined(other, await aVersion());
  const extra = `  bind 127.0.0.1:${await freePort()} ssl crt ${other}\n${more}`;
  const haproxy = await haproxyIn(folder, layout, extra);
  let refusing: Server | null = null;
  return {
    ...siteOf(haproxy),
    statsSocket: haproxy.statsSocket,
    name: haproxy.pemPath,
    other,
    config: { ...configOf(haproxy), mode: 'runtime', statsSocket: haproxy.statsSocket },
    async stop() {
      refusing?.close();
      refusing = null;
      await haproxy.stop();
    },
    failOnce(marker) {
      const statsSocket = `${marker}.sock`;
      refusing = betweenHaproxy(statsSocket, haproxy.statsSocket, (command) => {
        if (!command.startsWith('set ssl cert') || existsSync(marker)) return null;
        writeFileSync(marker, '');
        return 'the memory is full';
      });
      return { statsSocket };
    },
    ineffectiveReload: { crtName: other },
    whileStopped: { mode: 'reload', reloadCommand: ['true'] },
  };
}

function configOf({ pemPath, keyPath, conf }: Haproxy) {
  return { pemPath, ...(keyPath === null ? {} : { keyPath }), configPath: conf };
}

function siteOf(haproxy: Haproxy): Omit<Site, 'config' | 'failOnce' | 'ineffectiveReload'> {
  const { conf, pemPath, keyPath, port } = haproxy;
  return {
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    liveFiles: keyPath === null ? [pemPath] : [pemPath, keyPath],
    keyFile: keyPath ?? pemPath,
    installByHand(version) {
      if (keyPath === null) writeCombined(pemPath, version);
      else {
        writeFileSync(pemPath, version.fullchainPem);
        writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
      }
    },
    start: () => haproxy.start(),
    stop: () => haproxy.stop(),
    wouldStart: () => !haproxy.startFails(),
    served: () => servedBy(port),
    makeCheckRefuse() {
      const keyless = `${conf}.keyless.pem`;
      writeFileSync(
        keyless,
        readFileSync(pemPath, 'utf8').replace(/-----BEGIN [A-Z ]*PRIVATE KEY[\s\S]*/, ''),
      );
      writeFileSync(conf, readFileSync(conf, 'utf8').replace(/ crt .*/, ` crt ${keyless}$&`));
    },
  };
}

/** Leaf, chain and key in one file. */
export function writeCombined(path: string, { fullchainPem, keyPem }: IssuedCertificate): void {
  writeFileSync(path, fullchainPem + keyPem, { mode: 0o600 });
}
