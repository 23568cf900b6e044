import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import { type Instance, type PresetName, presets } from '../../core/targets/kinds/file-presets.ts';
import { pairMatches } from '../agent-scripts/disk.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { failsOnce } from './fails-once.ts';
import { idsOf, openToOthers } from './open-folder.ts';
import { isAlive, reachable, until } from './processes.ts';
import type { Need } from './require-daemon.ts';

/** Paths and ports of a daemon. `folder` contains its configuration, data and sockets. */
export interface Setup {
  readonly folder: string;
  readonly port: number;
  readonly certPath: string;
  readonly keyPath: string;
}

/** A configured daemon that is not started yet. */
export interface PreparedDaemon {
  /** Command that starts it in the foreground. */
  readonly argv: readonly string[];
  /** The user that starts it. Default: root, whose privileges the daemon drops itself. */
  readonly runAs?: string;
  readonly stopSignal?: NodeJS.Signals;
  readonly instance: Instance;
  /** Additional arguments with which it serves without TLS. Omitted if its port supports only TLS. */
  readonly withoutTls?: readonly string[];
  served(): Promise<string>;
  /** Whether it can be reloaded. Called once its port accepts connections. */
  isReady?(): boolean;
}

/** A daemon with a preset of kind `files`. */
export interface PresetDaemon {
  readonly preset: PresetName;
  /** The daemon's own user, whose group can read the key. */
  readonly user: string;
  readonly needs: readonly Need[];
  version(): string;
  prepare(setup: Setup): PreparedDaemon;
}

/** None of these daemons can check files before it uses them. */
const noCheck = 'the daemon has no check of its own';

/** The daemon under the contract of connectors. Its preset sets everything except the paths. */
export function underContract(daemon: PresetDaemon): DaemonUnderContract {
  const { preset, needs } = daemon;
  return {
    kind: 'files',
    title: `files (${preset})`,
    needs,
    version: () => daemon.version(),
    site: (folder) => presetSite(daemon, folder),
    exceptions: { refusal: noCheck },
    dryRun: 'validate_unsupported',
  };
}

/** A site whose daemon can run without TLS. */
export interface PresetSite extends Site {
  /** Makes the next start one without TLS. */
  withdrawTls(): void;
}

/** Writes the configuration. Does not start the daemon. */
export async function presetSite(daemon: PresetDaemon, folder: string): Promise<PresetSite> {
  openToOthers(folder);
  const tls = join(folder, 'tls');
  mkdirSync(tls);
  const files = { certPath: join(tls, 'fullchain.pem'), keyPath: join(tls, 'privkey.pem') };
  const port = await freePort();
  const prepared = daemon.prepare({ folder, port, ...files });
  const { gid } = idsOf(daemon.user);
  const reload = presets[daemon.preset].reload(prepared.instance, files) ?? [];
  let running: ChildProcess | null = null;
  let extra: readonly string[] = [];
  return {
    withdrawTls() {
      extra = prepared.withoutTls ?? [];
    },
    config: { preset: daemon.preset, instance: prepared.instance, ...files },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    liveFiles: [files.certPath, files.keyPath],
    keyFile: files.keyPath,
    installByHand(version) {
      writeFileSync(files.certPath, version.fullchainPem);
      writeFileSync(files.keyPath, version.keyPem, { mode: 0o600 });
      chownSync(files.keyPath, 0, gid);
      chmodSync(files.keyPath, 0o640);
    },
    async start() {
      if (running !== null) return;
      const started = startIn(folder, prepared, extra);
      running = started;
      const isUp = async () => (await reachable(port)) && (prepared.isReady?.() ?? true);
      await until(isUp, `${daemon.preset} on port ${port}`);
    },
    async stop() {
      const pid = running?.pid;
      running = null;
      if (pid === undefined || !isAlive(pid)) return;
      process.kill(pid, prepared.stopSignal ?? 'SIGTERM');
      await until(() => !isAlive(pid), `${daemon.preset} ${pid} to end`);
    },
    wouldStart: () => pairMatches(files.certPath, files.keyPath),
    served: () => prepared.served(),
    makeCheckRefuse: null,
    failOnce: (marker) => failsOnce(marker, reload),
    ineffectiveReload: { reloadCommand: ['true'] },
    otherOwnership: { gid, mode: 0o440 },
  };
}

function startIn(folder: string, { argv, runAs }: PreparedDaemon, extra: readonly string[]): ChildProcess {
  const [file = '', ...args] = [...argv, ...extra];
  return spawn(file, args, {
    cwd: folder,
    stdio: 'ignore',
    ...(runAs === undefined ? {} : idsOf(runAs)),
  });
}
