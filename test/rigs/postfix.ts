import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { pairMatches } from '../agent-scripts/disk.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { failsOnce } from './fails-once.ts';
import { folderOf, openToOthers } from './open-folder.ts';
import { endOf, isAlive, pidIn, reachable, until, untilListening } from './processes.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';
import { servedAfterStarttls } from './served-after-starttls.ts';

const master = '/usr/lib/postfix/sbin/master';

/** A real Postfix. */
export interface PostfixSite extends Site {
  /** A port with implicit TLS, like 465. */
  readonly directPort: number;
  /** How many masters have logged their start. */
  starts(): number;
  presentedDirectly(): Promise<string>;
  /** Changes main.cf by replacing text. */
  rewrite(from: string, to: string): void;
}

/** One way to configure Postfix's files. */
interface Layout {
  readonly config: Readonly<Record<string, string>>;
  readonly mainCf: string;
  /** The file with the leaf comes first. */
  readonly files: readonly string[];
  readonly keyFile: string;
  contents(version: IssuedCertificate): readonly string[];
}

const layouts = {
  chainFiles(tls: string): Layout {
    const file = join(tls, 'mail.pem');
    return {
      config: { chainFilesPath: file },
      mainCf: `smtpd_tls_chain_files = ${file}`,
      files: [file],
      keyFile: file,
      contents: ({ keyPem, fullchainPem }) => [keyPem + fullchainPem],
    };
  },
  pair(tls: string): Layout {
    const [certPath, keyPath] = [join(tls, 'cert.pem'), join(tls, 'key.pem')];
    return {
      config: { certPath, keyPath },
      mainCf: `smtpd_tls_cert_file = ${certPath}\nsmtpd_tls_key_file = ${keyPath}`,
      files: [certPath, keyPath],
      keyFile: keyPath,
      contents: ({ keyPem, fullchainPem }) => [fullchainPem, keyPem],
    };
  },
  separateChain(tls: string): Layout {
    const { config, mainCf, files, keyFile } = layouts.pair(tls);
    const chainPath = join(tls, 'chain.pem');
    return {
      config: { ...config, chainPath },
      mainCf: `${mainCf}\nsmtpd_tls_CAfile = ${chainPath}`,
      files: [...files, chainPath],
      keyFile,
      contents: ({ certPem, keyPem, chainPem }) => [certPem, keyPem, chainPem],
    };
  },
};

/** Postfix from its Debian package, with each layout. */
export const postfixDaemons = {
  chainFiles: postfixDaemon('postfix (chain files)', 'chainFiles'),
  pair: postfixDaemon('postfix', 'pair'),
  separateChain: postfixDaemon('postfix (chain file)', 'separateChain'),
};

function postfixDaemon(title: string, layout: keyof typeof layouts): DaemonUnderContract {
  return {
    kind: 'postfix',
    title,
    needs: [program('postfix'), program('openssl')],
    version: () => spawnSync('postconf', ['-hd', 'mail_version'], { encoding: 'utf8' }).stdout.trim(),
    site: (folder) => postfixSite(folder, layout),
  };
}

/** Writes main.cf and master.cf. Does not start Postfix. */
export async function postfixSite(folder: string, layoutName: keyof typeof layouts): Promise<PostfixSite> {
  const [port, directPort] = [await freePort(), await freePort()];
  openToOthers(folder);
  const [etc, tls] = [join(folder, 'etc'), join(folder, 'tls')];
  for (const made of [etc, tls, join(folder, 'queue')]) mkdirSync(made);
  const log = join(folder, 'mail.log');
  const layout = layouts[layoutName](tls);
  const mainCf = join(etc, 'main.cf');
  writeFileSync(mainCf, mainCfOf(folder, log) + layout.mainCf);
  writeFileSync(join(etc, 'master.cf'), masterCf(port, directPort));
  const pidFile = join(folder, 'queue/pid/master.pid');
  const [certFile = ''] = layout.files;
  // every process warns about a parameter that is set twice, and a postlogd that logs a warning waits for itself
  const rewrite = (from: string, to: string): void =>
    writeFileSync(mainCf, readFileSync(mainCf, 'utf8').replace(from, to));
  return {
    config: { ...layout.config, configDirectory: etc },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test', protocol: 'smtp' },
    liveFiles: layout.files,
    keyFile: layout.keyFile,
    directPort,
    starts: () => readFileSync(log, 'utf8').match(/daemon started/g)?.length ?? 0,
    rewrite,
    installByHand(version) {
      for (const [index, content] of layout.contents(version).entries())
        writeFileSync(layout.files[index] ?? '', content, { mode: 0o600 });
    },
    async start() {
      // the command checks and creates all folders, so that later starts need the master only
      const start = existsSync(pidFile) ? [master, '-c', etc, '-w'] : ['postfix', '-c', etc, 'start'];
      if (pidIn(pidFile) === null) await run(start, log);
      await untilListening('postfix', port, log);
    },
    async stop() {
      const pid = pidIn(pidFile);
      if (pid === null) return;
      process.kill(pid, 'SIGTERM');
      await until(() => !isAlive(pid), `postfix ${pid} to end`);
      // its children keep the listening sockets until they detect its end; until then no other master can start
      for (const one of [port, directPort]) {
        await until(async () => !(await reachable(one)), `port ${one} of postfix ${pid} to be free`);
      }
    },
    // it starts with any files; if they do not match, it offers no TLS
    wouldStart: () => pairMatches(certFile, layout.keyFile),
    served: () => servedAfterStarttls(port, 'smtp'),
    presentedDirectly: () => servedBy(directPort),
    // only `postfix` needs this folder, so that an smtpd which starts meanwhile still works
    makeCheckRefuse: () => rewrite('daemon_directory = /usr/lib/postfix/sbin', 'daemon_directory = /nowhere'),
    failOnce: (marker) => failsOnce(marker, ['postfix', '-c', etc, 'reload']),
    ineffectiveReload: { reloadCommand: ['true'] },
  };
}

async function run([file = '', ...args]: readonly string[], log: string): Promise<void> {
  const child = spawn(file, args, { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${code}; its log ends with:\n${endOf(log)}`);
}

function mainCfOf(folder: string, log: string): string {
  return `compatibility_level = 3.6
mail_owner = postfix
queue_directory = ${join(folder, 'queue')}
data_directory = ${folderOf('postfix', folder, 'data')}
command_directory = /usr/sbin
daemon_directory = ${dirname(master)}
meta_directory = /etc/postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
mydestination =
alias_maps =
local_recipient_maps =
notify_classes =
maillog_file = ${log}
maillog_file_prefixes = ${folder}
smtpd_tls_security_level = may
`;
}

/** One smtpd per port: a second one would read the files later. */
function masterCf(port: number, directPort: number): string {
  return `127.0.0.1:${port} inet n - n - 1 smtpd
127.0.0.1:${directPort} inet n - n - 1 smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;
}
