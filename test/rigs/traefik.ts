import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { childEngine } from './child.ts';
import { failsOnce } from './fails-once.ts';
import type { Need } from './require-daemon.ts';
import { watchingServer } from './watching-server.ts';
import { type Engine, type WatchedPaths, watchedPaths, watchingSite } from './watching-site.ts';

type MakeEngine = (paths: WatchedPaths, port: number, folder: string) => Engine;

const promises = {
  kind: 'traefik',
  exceptions: { refusal: 'Traefik has no check of its configuration' },
  dryRun: 'validate_unsupported',
} as const;

/** A real Traefik. `watch`: its file provider watches one file, or the folder of that file. */
export function traefikDaemon(
  program: string,
  needs: readonly Need[],
  watch: 'filename' | 'directory',
): DaemonUnderContract {
  return {
    ...promises,
    title: `traefik (${watch})`,
    needs,
    version: () =>
      /Version:\s+(\S+)/.exec(spawnSync(program, ['version'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
    site: (folder) =>
      traefikSite(folder, ({ trigger }, port) => {
        const watched = watch === 'filename' ? trigger : dirname(trigger);
        const configPath = join(folder, 'traefik.yml');
        writeFileSync(configPath, staticConfiguration(port, `${watch}: ${watched}`));
        return childEngine([program, `--configFile=${configPath}`], join(folder, 'traefik.log'));
      }),
  };
}

/** A stand-in that watches files as Traefik's manual describes. */
export const traefikStandIn: DaemonUnderContract = {
  ...promises,
  title: 'traefik (a stand-in that watches as documented)',
  needs: [],
  version: () => '',
  site: (folder) =>
    traefikSite(folder, ({ certPath, keyPath, trigger: watchedPath }, port) =>
      watchingServer({ port, adminPort: null, certPath, keyPath, watchedPath, afterMismatch: 'own' }),
    ),
};

async function traefikSite(folder: string, makeEngine: MakeEngine): Promise<Site> {
  const port = await freePort();
  const paths = watchedPaths(folder, 'tls.yml');
  const text = dynamicConfiguration(paths);
  writeFileSync(paths.trigger, text);
  const { certPath, keyPath, trigger: dynamicPath } = paths;
  return {
    ...watchingSite(paths, port, makeEngine(paths, port, folder), text),
    config: { certPath, keyPath, dynamicPath },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    makeCheckRefuse: null,
    failOnce: (marker) => failsOnce(marker, ['true']),
    ineffectiveReload: { dynamicPath: undefined },
    whileStopped: {},
  };
}

function dynamicConfiguration({ certPath, keyPath }: WatchedPaths): string {
  return `tls:
  certificates:
    - certFile: ${certPath}
      keyFile: ${keyPath}
http:
  routers:
    all:
      rule: PathPrefix(\`/\`)
      service: noop@internal
      tls: {}
`;
}

/** By default, Traefik delays a change by 2 s after the previous one, which would slow down the tests. */
function staticConfiguration(port: number, provider: string): string {
  return `entryPoints: { https: { address: "127.0.0.1:${port}" } }
providers: { providersThrottleDuration: 100ms, file: { ${provider} } }
global: { checkNewVersion: false, sendAnonymousUsage: false }
`;
}
