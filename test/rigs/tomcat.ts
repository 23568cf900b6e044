import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { KeystoreType } from '../../core/keystore/keystore.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { failsOnce } from './fails-once.ts';
import { keystoreSite, storePassword } from './keystore-site.ts';
import { isAlive, until, untilListening } from './processes.ts';
import { type Need, program } from './require-daemon.ts';
import { servedBy } from './served.ts';

const home = '/usr/share/tomcat10';
export const managerPassword = 'kept-out-of-every-record';
const manager = { user: 'deployer', password: managerPassword };

const needs: readonly Need[] = [
  program('java', 'default-jdk-headless'),
  program('openssl'),
  program('curl'),
  { name: 'Tomcat (apt-get install tomcat10)', met: () => existsSync(`${home}/bin/bootstrap.jar`) },
  {
    name: 'its manager (apt-get install tomcat10-admin)',
    met: () => existsSync('/usr/share/tomcat10-admin/manager'),
  },
];

/** The Tomcat of one test file. It serves the store of the site that was started last. */
interface Tomcat {
  readonly port: number;
  readonly url: string;
  readonly passwordFile: string;
  readonly curlConfig: string;
  /** The path in its configuration: a link to the store of a site. */
  readonly current: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

let shared: { readonly folder: string; readonly tomcat: Tomcat; running: boolean } | null = null;

/** Ends the Tomcat of this test file. */
export async function stopTomcat(): Promise<void> {
  if (shared === null) return;
  await shared.tomcat.stop();
  rmSync(shared.folder, { recursive: true, force: true });
  shared = null;
}

/** Its folder outlives the suites of the file, whichever ends first. */
async function startShared() {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-tomcat-'));
  return { folder, tomcat: await aTomcat(join(folder, 'base')), running: false };
}

/** Tomcat with its manager. A JVM takes seconds to start, so all sites of a test file share one. */
export function tomcatDaemon(storeType: KeystoreType): DaemonUnderContract {
  return {
    kind: 'javakeystore',
    title: `javakeystore (Tomcat, ${storeType})`,
    needs,
    version: () =>
      /Server number:\s+([\d.]+)/.exec(
        execFileSync('java', ['-cp', `${home}/lib/catalina.jar`, 'org.apache.catalina.util.ServerInfo'], {
          encoding: 'utf8',
        }),
      )?.[1] ?? '',
    site: (folder) => tomcatSite(folder, storeType),
  };
}

async function tomcatSite(folder: string, storeType: KeystoreType): Promise<Site> {
  shared ??= await startShared();
  const site = shared;
  const { port, url, passwordFile, curlConfig, current } = site.tomcat;
  const tls = join(folder, 'tls');
  mkdirSync(tls, { recursive: true });
  const keystorePath = join(tls, 'keystore');
  const check = join(folder, 'check.sh');
  const checkWith = (option: string): void =>
    writeFileSync(
      check,
      storeType === 'JKS'
        ? `test ${option === '-subject' ? '-s' : '-d'} ${keystorePath}\n`
        : `openssl pkcs12 -in ${keystorePath} -passin file:${join(folder, 'pass')} -nokeys | openssl x509 -noout ${option}\n`,
    );
  writeFileSync(join(folder, 'pass'), storePassword);
  checkWith('-subject');
  const reloadCommand = ['curl', '-fsS', '-K', curlConfig, `${url}/text/sslReload`];
  return {
    ...keystoreSite(keystorePath, storeType),
    config: {
      keystorePath,
      storeType,
      alias: 'server',
      storePassword: { file: '/unused' },
      validateCommand: ['/bin/sh', check],
      tomcat: { url, user: manager.user, passwordFile },
    },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    async start() {
      rmSync(current, { force: true });
      symlinkSync(keystorePath, current);
      if (site.running) execFileSync('curl', reloadCommand.slice(1), { stdio: 'pipe' });
      else await site.tomcat.start();
      site.running = true;
    },
    // the next site uses the same Tomcat
    stop: () => Promise.resolve(),
    served: () => servedBy(port),
    makeCheckRefuse: () => checkWith('-checkend 315360000'),
    failOnce: (marker) => ({ tomcat: undefined, ...failsOnce(marker, reloadCommand) }),
    ineffectiveReload: { tomcat: undefined, reloadCommand: ['true'] },
    whileStopped: { tomcat: undefined, reload: 'none' },
  };
}

async function aTomcat(base: string): Promise<Tomcat> {
  const [port, managerPort] = [await freePort(), await freePort()];
  for (const name of ['conf/Catalina/localhost', 'logs', 'temp', 'work', 'webapps'])
    mkdirSync(join(base, name), { recursive: true });
  const current = join(base, 'current');
  const files = {
    'conf/server.xml': serverXml(port, managerPort, current),
    'conf/tomcat-users.xml': `<tomcat-users><user username="${manager.user}" password="${manager.password}" roles="manager-script"/></tomcat-users>`,
    'conf/Catalina/localhost/manager.xml':
      '<Context docBase="/usr/share/tomcat10-admin/manager" antiResourceLocking="false" privileged="true"/>',
    'manager-password': `${manager.password}\n`,
    'curl.conf': `user = "${manager.user}:${manager.password}"\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(base, name), text, { mode: 0o600 });
  copyFileSync('/etc/tomcat10/web.xml', join(base, 'conf/web.xml'));
  let running: ChildProcess | null = null;
  return {
    port,
    url: `http://127.0.0.1:${managerPort}/manager`,
    passwordFile: join(base, 'manager-password'),
    curlConfig: join(base, 'curl.conf'),
    current,
    async start() {
      const log = join(base, 'logs/tomcat.log');
      const output = openSync(log, 'a');
      const jars = [`${home}/bin/bootstrap.jar`, `${home}/bin/tomcat-juli.jar`].join(':');
      const options = ['-XX:TieredStopAtLevel=1', '-Xmx160m', `-Djava.io.tmpdir=${base}/temp`];
      const folders = [`-Dcatalina.home=${home}`, `-Dcatalina.base=${base}`];
      const args = [...options, ...folders, '-cp', jars, 'org.apache.catalina.startup.Bootstrap', 'start'];
      running = spawn('java', args, { stdio: ['ignore', output, output] });
      await untilListening('Tomcat', managerPort, log);
      await untilListening('Tomcat', port, log);
    },
    async stop() {
      const pid = running?.pid;
      if (pid === undefined) return;
      running?.kill('SIGKILL');
      await until(() => !isAlive(pid), `Tomcat ${pid} to end`);
    },
  };
}

function serverXml(port: number, managerPort: number, keystore: string): string {
  return `<Server port="-1"><Service name="Catalina">
  <Connector port="${managerPort}" address="127.0.0.1"/>
  <Connector port="${port}" address="127.0.0.1" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true">
    <SSLHostConfig>
      <Certificate certificateKeystoreFile="${keystore}" certificateKeystorePassword="${storePassword}" certificateKeyAlias="server"/>
    </SSLHostConfig>
  </Connector>
  <Engine name="Catalina" defaultHost="localhost">
    <Realm className="org.apache.catalina.realm.MemoryRealm" pathname="conf/tomcat-users.xml"/>
    <Host name="localhost" appBase="webapps"/>
  </Engine>
</Service></Server>
`;
}
