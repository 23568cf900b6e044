import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { childEngine } from './child.ts';
import { failsOnce } from './fails-once.ts';
import type { Need } from './require-daemon.ts';
import { watchingServer } from './watching-server.ts';
import { type Engine, type WatchedPaths, watchedPaths, watchingSite } from './watching-site.ts';

/** Ports and files of one Envoy. */
interface EnvoyPaths extends WatchedPaths {
  readonly port: number;
  readonly adminPort: number;
  readonly configPath: string;
}

/** How a site runs Envoy, and its check if it has one. */
interface EnvoyMaker {
  readonly validate: ((configPath: string) => string[]) | null;
  engine(paths: EnvoyPaths): Engine;
}

/** `files`: Envoy watches the folder of certificate and key. `sds`: that of the SDS resource, `watched_directory`. */
type WatchedFolder = 'files' | 'sds';

/** A real Envoy with a listener whose certificate is an SDS secret. */
export function envoyDaemon(
  program: string,
  needs: readonly Need[],
  watched: WatchedFolder,
): DaemonUnderContract {
  const flags = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warn'];
  const maker: EnvoyMaker = {
    validate: (configPath) => [program, '--mode', 'validate', '-c', configPath],
    engine: ({ configPath }) =>
      childEngine([program, '-c', configPath, ...flags], join(dirname(configPath), 'envoy.log')),
  };
  return {
    kind: 'envoy',
    title: watched === 'sds' ? 'envoy (watched_directory)' : 'envoy (folder of the files)',
    needs,
    version: () =>
      /\/([\d.]+)\//.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
    ...(watched === 'files'
      ? { exceptions: { ineffectiveReload: 'Envoy watches the folder of the files themselves' } }
      : {}),
    site: (folder) => envoySite(folder, maker, watched),
  };
}

/** A stand-in that watches files and serves an admin port as Envoy's manual describes. */
export const envoyStandIn: DaemonUnderContract = {
  kind: 'envoy',
  title: 'envoy (a stand-in that watches as documented)',
  needs: [],
  version: () => '',
  exceptions: { refusal: 'the stand-in has no check' },
  dryRun: 'validate_unsupported',
  site: (folder) =>
    envoySite(
      folder,
      { validate: null, engine: ({ trigger, ...paths }) => standIn({ ...paths, watchedPath: trigger }) },
      'sds',
    ),
};

function standIn(habits: Omit<Parameters<typeof watchingServer>[0], 'afterMismatch'>): Engine {
  return watchingServer({ ...habits, afterMismatch: 'old' });
}

/** The path of Envoy's bootstrap in the folder of a site. */
export function envoyConfigIn(folder: string): string {
  return join(folder, 'envoy.yaml');
}

async function envoySite(folder: string, maker: EnvoyMaker, watched: WatchedFolder): Promise<Site> {
  const paths: EnvoyPaths = {
    ...watchedPaths(folder, 'tls.yaml'),
    port: await freePort(),
    adminPort: await freePort(),
    configPath: envoyConfigIn(folder),
  };
  const { certPath, keyPath, trigger: sdsPath, port, adminPort, configPath } = paths;
  writeFileSync(configPath, bootstrap(paths));
  const check = maker.validate === null ? {} : { validateCommand: maker.validate(configPath) };
  return {
    ...watchingSite(paths, port, maker.engine(paths), sdsResource(paths, watched)),
    config: {
      ...{ certPath, keyPath, sdsPath, ...check },
      secretName: 'server_cert',
      adminEndpoint: `http://127.0.0.1:${adminPort}`,
      commandTimeoutSeconds: 10,
    },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    makeCheckRefuse:
      maker.validate && (() => appendFileSync(configPath, 'not_a_field_of_the_bootstrap: 1\n')),
    failOnce: (marker) => ({ adminEndpoint: undefined, ...failsOnce(marker, ['true']) }),
    ineffectiveReload: { adminEndpoint: undefined, sdsPath: undefined, secretName: undefined },
    whileStopped: { adminEndpoint: undefined },
  };
}

function sdsResource({ certPath, keyPath, trigger }: WatchedPaths, watched: WatchedFolder): string {
  return `resources:
  - "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
    name: server_cert
    tls_certificate:
      certificate_chain: { filename: ${certPath} }
      private_key: { filename: ${keyPath} }
${watched === 'sds' ? `      watched_directory: { path: ${dirname(trigger)} }\n` : ''}`;
}

function bootstrap({ port, adminPort, trigger }: EnvoyPaths): string {
  const type = (name: string): string => `"@type": type.googleapis.com/envoy.extensions.${name}`;
  return `node: { id: test, cluster: test }
admin: { address: { socket_address: { address: 127.0.0.1, port_value: ${adminPort} } } }
static_resources:
  listeners:
    - name: https
      enable_reuse_port: false
      address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                ${type('filters.network.http_connection_manager.v3.HttpConnectionManager')}
                stat_prefix: https
                route_config: {}
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { ${type('filters.http.router.v3.Router')} }
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              ${type('transport_sockets.tls.v3.DownstreamTlsContext')}
              common_tls_context:
                tls_certificate_sds_secret_configs:
                  - name: server_cert
                    sds_config: { path_config_source: { path: ${trigger} } }
`;
}
