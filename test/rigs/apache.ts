import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { failsOnce } from './fails-once.ts';
import { isAlive, pidIn, until, untilListening } from './processes.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

/** An Apache httpd that may be broken on purpose. */
export interface ApacheSite extends Site {
  readonly conf: string;
  readonly pidFile: string;
  readonly errorLog: string;
  readonly leafFile: string;
  /** Changes the configuration by replacing text. */
  rewrite(from: string, to: string): void;
}

/** Apache httpd from its package: the full chain in one file. */
export const apacheDaemon: DaemonUnderContract = {
  kind: 'apache',
  title: 'apache',
  needs: [program('apachectl', 'apache2')],
  version: () =>
    /Apache\/([\d.]+)/.exec(spawnSync('apachectl', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
  site: (folder) => apacheSite(folder, false),
};

/** The same with SSLCertificateChainFile. */
export const apacheWithChainFile: DaemonUnderContract = {
  ...apacheDaemon,
  title: 'apache (chain file)',
  site: (folder) => apacheSite(folder, true),
};

/** Writes the configuration. Does not start the daemon. */
export async function apacheSite(folder: string, separateChain: boolean): Promise<ApacheSite> {
  const port = await freePort();
  const tls = join(folder, 'tls');
  mkdirSync(tls, { recursive: true });
  const [certPath, keyPath, chainPath] = ['cert.pem', 'key.pem', 'chain.pem'].map((name) =>
    join(tls, name),
  ) as [string, string, string];
  const [conf, pidFile, errorLog] = ['httpd.conf', 'httpd.pid', 'error.log'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const chainFile = separateChain ? { chainPath } : {};
  writeFileSync(conf, configuration({ folder, port, certPath, keyPath, ...chainFile }));
  const rewrite = (from: string, to: string): void =>
    writeFileSync(conf, readFileSync(conf, 'utf8').replace(from, to));
  return {
    conf,
    pidFile,
    errorLog,
    leafFile: certPath,
    rewrite,
    config: { certPath, keyPath, ...chainFile, configPath: conf, pidFile },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    liveFiles: separateChain ? [certPath, keyPath, chainPath] : [certPath, keyPath],
    keyFile: keyPath,
    installByHand(version) {
      writeFileSync(certPath, separateChain ? version.certPem : version.fullchainPem);
      if (separateChain) writeFileSync(chainPath, version.chainPem);
      writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
    },
    async start() {
      if (pidIn(pidFile) === null) inForeground(conf);
      await untilListening('httpd', port, errorLog);
    },
    stop: () => endOf(pidFile),
    wouldStart: () => startsInPrivate(conf, pidFile),
    served: () => servedBy(port),
    makeCheckRefuse: () => rewrite('SSLEngine on', 'SSLEngine perhaps'),
    failOnce: (marker) => failsOnce(marker, ['apachectl', '-f', conf, '-k', 'graceful']),
    ineffectiveReload: { reloadCommand: ['true'] },
    // `graceful` starts a stopped httpd
    whileStopped: {},
  };
}

/** As a child of this process, which reaps it: a container may have no init process that does. */
function inForeground(conf: string): void {
  spawn('apachectl', ['-f', conf, '-DFOREGROUND'], { stdio: 'ignore', detached: true }).unref();
}

async function endOf(pidFile: string): Promise<void> {
  const pid = pidIn(pidFile);
  if (pid === null) return;
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid), `httpd ${pid} to end`);
}

/**
 * `apachectl -t` does not open keys, so this starts httpd in a new network namespace, where its port is free, and with
 * another pid file.
 */
function startsInPrivate(conf: string, pidFile: string): boolean {
  const aside = `${pidFile}.aside`;
  const command = [
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    '--',
    '/bin/sh',
    '-c',
    startAndEnd,
    'sh',
    conf,
    aside,
  ];
  const { status } = spawnSync('unshare', command, { stdio: 'ignore' });
  rmSync(aside, { force: true });
  return status === 0;
}

/** httpd writes its pid file after the start command has succeeded. It ends with the first process of its namespace. */
const startAndEnd = `
ip link set lo up
apachectl -f "$1" -c "PidFile $2" -k start || exit 1
for look in $(seq 200); do
  if [ -s "$2" ]; then exit 0; fi
  sleep 0.01
done
exit 2`;

interface Configuration {
  readonly folder: string;
  readonly port: number;
  readonly certPath: string;
  readonly keyPath: string;
  readonly chainPath?: string;
}

const modules = ['mpm_event', 'authz_core', 'ssl'];

function configuration({ folder, port, certPath, keyPath, chainPath }: Configuration): string {
  return `ServerRoot ${folder}
ServerName www.example.test
PidFile ${join(folder, 'httpd.pid')}
ErrorLog ${join(folder, 'error.log')}
DefaultRuntimeDir ${folder}
Mutex file:${folder} default
User www-data
Group www-data
Listen 127.0.0.1:${port}
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
StartServers 1
SSLSessionCache none
<VirtualHost 127.0.0.1:${port}>
  SSLEngine on
  SSLCertificateFile ${certPath}
  SSLCertificateKeyFile ${keyPath}
${chainPath === undefined ? '' : `  SSLCertificateChainFile ${chainPath}\n`}</VirtualHost>
`;
}
