import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { failsOnce } from './fails-once.ts';
import { isAlive, reachable, until } from './processes.ts';
import { program } from './require-daemon.ts';
import { servedBy } from './served.ts';

const server = resolve(import.meta.dirname, '../../cli/demo/tls-server.ts');

/** A server without a kind of its own: that of the demo, which reads its files again on SIGHUP. */
export const filesDaemon: DaemonUnderContract = {
  kind: 'files',
  title: 'files',
  needs: [program('openssl')],
  version: () => `a server on Node ${process.versions.node}`,
  site: filesSite,
};

async function filesSite(folder: string): Promise<Site> {
  const port = await freePort();
  const tls = join(folder, 'tls');
  mkdirSync(tls, { recursive: true });
  const files = { certPath: join(tls, 'fullchain.pem'), keyPath: join(tls, 'privkey.pem') };
  const pidFile = join(folder, 'server.pid');
  const check = join(folder, 'check.sh');
  const checkWith = (option: string): void =>
    writeFileSync(check, `openssl x509 -noout -in ${files.certPath} ${option}\n`);
  checkWith('-subject');
  const reloadCommand = ['/bin/sh', '-c', `kill -HUP "$(cat ${pidFile})"`];
  let running: ChildProcess | null = null;
  return {
    config: { ...files, validateCommand: ['/bin/sh', check], reloadCommand },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    liveFiles: [files.certPath, files.keyPath],
    keyFile: files.keyPath,
    installByHand(version) {
      writeFileSync(files.certPath, version.fullchainPem);
      writeFileSync(files.keyPath, version.keyPem, { mode: 0o600 });
    },
    async start() {
      const args = [server, '--cert', files.certPath, '--key', files.keyPath, '--port', `${port}`];
      // it ends when its standard input is closed, at the latest with this process
      running = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      writeFileSync(pidFile, `${running.pid}`);
      await until(() => reachable(port), `the server on port ${port}`);
    },
    async stop() {
      const pid = running?.pid;
      if (pid === undefined) return;
      running?.kill();
      await until(() => !isAlive(pid), `server ${pid} to end`);
      running = null;
    },
    wouldStart: () => pairLoads(files),
    served: () => servedBy(port),
    // a check that requires certificates to be valid for ten years
    makeCheckRefuse: () => checkWith('-checkend 315360000'),
    failOnce: (marker) => failsOnce(marker, reloadCommand),
    ineffectiveReload: { reloadCommand: ['true'] },
  };
}

/** The server reads both files before it listens, and exits if they do not match. */
function pairLoads({ certPath, keyPath }: { certPath: string; keyPath: string }): boolean {
  const load =
    'const fs = require("node:fs"), [cert, key] = process.argv.slice(1).map((f) => fs.readFileSync(f))';
  const script = `${load}; require("node:tls").createSecureContext({ cert, key })`;
  return spawnSync(process.execPath, ['-e', script, certPath, keyPath], { stdio: 'ignore' }).status === 0;
}
