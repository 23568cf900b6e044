import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { pairMatches } from '../agent-scripts/disk.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { failsOnce } from './fails-once.ts';
import { folderOf, openToOthers } from './open-folder.ts';
import { isAlive, pidIn, until, untilListening } from './processes.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

const services = {
  imap: { service: 'imap-login', listener: 'imap', ssl: 'no' },
  imaps: { service: 'imap-login', listener: 'imaps', ssl: 'yes' },
  pop3: { service: 'pop3-login', listener: 'pop3', ssl: 'no' },
  pop3s: { service: 'pop3-login', listener: 'pop3s', ssl: 'yes' },
  sieve: { service: 'managesieve-login', listener: 'sieve', ssl: 'no' },
} as const;
type Service = keyof typeof services;

/** A real Dovecot. */
export interface DovecotSite extends Site {
  readonly ports: Readonly<Record<Service, number>>;
  /** How many masters have logged their start. */
  starts(): number;
  /** Configures a separate certificate for clients that send this server name. */
  hideBehind(name: string, version: IssuedCertificate, folder: string): void;
}

/** Dovecot from its packages, seen on IMAPS. */
export const dovecotDaemon: DaemonUnderContract = {
  kind: 'dovecot',
  title: 'dovecot',
  needs: [program('dovecot', 'dovecot-core dovecot-imapd dovecot-pop3d dovecot-managesieved')],
  version: () => /^[\d.]+/.exec(spawnSync('dovecot', ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? '',
  site: dovecotSite,
};

/** Writes the configuration; nothing is started. */
export async function dovecotSite(folder: string): Promise<DovecotSite> {
  openToOthers(folder);
  const tls = join(folder, 'tls');
  mkdirSync(tls);
  const [certPath, keyPath] = [join(tls, 'fullchain.pem'), join(tls, 'privkey.pem')];
  const [conf, log] = [join(folder, 'dovecot.conf'), join(folder, 'dovecot.log')];
  const pidFile = join(folder, 'run/master.pid');
  const ports = await freePorts();
  writeFileSync(conf, configuration({ folder, log, certPath, keyPath, ports }));
  return {
    config: { certPath, keyPath, configPath: conf },
    verify: { endpoint: `127.0.0.1:${ports.imaps}`, serverName: 'www.example.test' },
    liveFiles: [certPath, keyPath],
    keyFile: keyPath,
    ports,
    starts: () => readFileSync(log, 'utf8').match(/starting up/g)?.length ?? 0,
    hideBehind(name, version, elsewhere) {
      const hiding = join(elsewhere, 'hiding.pem');
      writeFileSync(hiding, version.fullchainPem + version.keyPem, { mode: 0o600 });
      appendFileSync(conf, `local_name ${name} {\n  ssl_cert = <${hiding}\n  ssl_key = <${hiding}\n}\n`);
    },
    installByHand(version) {
      writeFileSync(certPath, version.fullchainPem);
      writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
    },
    async start() {
      if (pidIn(pidFile) === null)
        spawn('dovecot', ['-F', '-c', conf], { stdio: 'ignore', detached: true }).unref();
      await untilListening('dovecot', ports.imaps, log);
      await until(() => pidIn(pidFile) !== null, `${pidFile} to name dovecot`);
    },
    async stop() {
      const pid = pidIn(pidFile);
      if (pid === null) return;
      // it leads the group of all that it started; with SIGTERM it would need a second each
      process.kill(-pid, 'SIGKILL');
      await until(() => !isAlive(pid), `dovecot ${pid} to end`);
    },
    // it starts with any two files; if they do not match, it offers no TLS
    wouldStart: () => pairMatches(certPath, keyPath),
    served: () => servedBy(ports.imaps),
    makeCheckRefuse: () => appendFileSync(conf, 'no_such_setting = yes\n'),
    failOnce: (marker) => failsOnce(marker, ['doveadm', '-c', conf, 'reload']),
    ineffectiveReload: { reloadCommand: ['true'] },
  };
}

async function freePorts(): Promise<Record<Service, number>> {
  const ports: [string, number][] = [];
  for (const name of Object.keys(services)) ports.push([name, await freePort()]);
  return Object.fromEntries(ports) as Record<Service, number>;
}

interface Setup {
  readonly folder: string;
  readonly log: string;
  readonly certPath: string;
  readonly keyPath: string;
  readonly ports: Readonly<Record<Service, number>>;
}

function configuration({ folder, log, certPath, keyPath, ports }: Setup): string {
  const listeners = Object.entries(services).map(
    ([name, { service, listener, ssl }]) =>
      `service ${service} {\n  inet_listener ${listener} {\n    port = ${ports[name as Service]}\n    ssl = ${ssl}\n  }\n}\n`,
  );
  return `base_dir = ${join(folder, 'run')}
state_dir = ${join(folder, 'state')}
instance_name = certferry
log_path = ${log}
listen = 127.0.0.1
protocols = imap pop3 sieve
ssl = yes
ssl_cert = <${certPath}
ssl_key = <${keyPath}
mail_location = maildir:${folderOf('nobody', folder, 'mail')}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup
}
${listeners.join('')}`;
}
