import type { FileKind } from '../../core/targets/kinds/kinds.ts';
import { envoyProgram, fetched, traefikProgram } from '../peers/programs.ts';
import { apacheDaemon, apacheWithChainFile } from '../rigs/apache.ts';
import { caddyDaemons } from '../rigs/caddy-site.ts';
import { dovecotDaemon } from '../rigs/dovecot.ts';
import { envoyDaemon } from '../rigs/envoy.ts';
import { filesDaemon } from '../rigs/files-site.ts';
import { haproxyDaemons } from '../rigs/haproxy-site.ts';
import { mariadb } from '../rigs/mariadb.ts';
import { mosquitto } from '../rigs/mosquitto.ts';
import { nginxDaemon } from '../rigs/nginx-site.ts';
import { postfixDaemons } from '../rigs/postfix.ts';
import { postgresql } from '../rigs/postgresql.ts';
import { underContract } from '../rigs/preset-site.ts';
import { redis } from '../rigs/redis.ts';
import { tomcatDaemon } from '../rigs/tomcat.ts';
import { traefikDaemon } from '../rigs/traefik.ts';
import type { DaemonUnderContract } from './site.ts';

/** A daemon that passes the contract, with a typical configuration of its kind. */
export interface MatrixRow {
  readonly daemon: DaemonUnderContract;
  readonly config: Readonly<Record<string, unknown>>;
}

const pair = { certPath: '/tls/cert.pem', keyPath: '/tls/key.pem' };
const combined = { pemPath: '/tls/site.pem' };
const twoFiles = { ...combined, keyPath: '/tls/site.pem.key' };
const runtime = { mode: 'runtime', statsSocket: '/run/haproxy/admin.sock' };
const traefik = { ...pair, dynamicPath: '/etc/traefik/tls.yml' };
const envoy = { ...pair, configPath: '/etc/envoy/envoy.yaml' };
const traefikReal = (watch: 'filename' | 'directory') =>
  traefikDaemon(traefikProgram, [fetched(traefikProgram)], watch);
const envoyReal = (watched: 'sds' | 'files') => envoyDaemon(envoyProgram, [fetched(envoyProgram)], watched);

const rowsByKind: Readonly<Record<FileKind, readonly MatrixRow[]>> = {
  nginx: [{ daemon: nginxDaemon, config: pair }],
  apache: [
    { daemon: apacheDaemon, config: pair },
    { daemon: apacheWithChainFile, config: { ...pair, chainPath: '/tls/chain.pem' } },
  ],
  haproxy: [
    { daemon: haproxyDaemons.combined, config: combined },
    { daemon: haproxyDaemons.directory, config: combined },
    { daemon: haproxyDaemons.separateKey, config: twoFiles },
    { daemon: haproxyDaemons.runtime, config: { ...combined, ...runtime } },
    { daemon: haproxyDaemons.runtimeSeparateKey, config: { ...twoFiles, ...runtime } },
  ],
  caddy: [
    { daemon: caddyDaemons.file, config: pair },
    { daemon: caddyDaemons.loadFiles, config: { ...pair, mode: 'api' } },
    { daemon: caddyDaemons.loadPem, config: { ...pair, mode: 'api', loader: 'load_pem' } },
  ],
  traefik: [
    { daemon: traefikReal('filename'), config: traefik },
    { daemon: traefikReal('directory'), config: traefik },
  ],
  envoy: [
    { daemon: envoyReal('sds'), config: { ...envoy, sdsPath: '/etc/envoy/sds/tls.yaml' } },
    { daemon: envoyReal('files'), config: envoy },
  ],
  postfix: [
    { daemon: postfixDaemons.pair, config: pair },
    { daemon: postfixDaemons.chainFiles, config: { chainFilesPath: '/tls/chain.pem' } },
  ],
  dovecot: [{ daemon: dovecotDaemon, config: pair }],
  javakeystore: [
    {
      daemon: tomcatDaemon('PKCS12'),
      config: {
        keystorePath: '/etc/tomcat10/keystore.p12',
        alias: 'server',
        storePassword: { secretId: 'tomcat-keystore' },
        tomcat: { user: 'certferry', passwordFile: '/etc/tomcat10/manager-password' },
      },
    },
  ],
  files: [
    ...[postgresql, mariadb, redis, mosquitto].map((daemon) => ({
      daemon: underContract(daemon),
      config: { preset: daemon.preset },
    })),
    {
      daemon: filesDaemon,
      config: { ...pair, validateCommand: 'your-check', reloadCommand: 'your-reload' },
    },
  ],
};

/** Every daemon that passes the contract, without stand-ins. The compiler requires rows for each kind with files. */
export const matrixRows: readonly MatrixRow[] = Object.values(rowsByKind).flat();
