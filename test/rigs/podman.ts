import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAlive, until } from './processes.ts';
import { type Need, program, root } from './require-daemon.ts';

/** Podman with crun. The containers of these tests have the network of the host and no control groups. */
export const podmanNeeds: readonly Need[] = [
  program('podman'),
  program('crun'),
  program('unshare', 'util-linux'),
  root,
];

/** A Podman of its own: no container or image of the machine is visible to it. */
export interface Podman {
  /** The socket of its API service, which Docker's clients use too. */
  readonly socket: string;
  /** Runs `podman` and returns its output. */
  podman(...args: string[]): string;
  stop(): Promise<void>;
}

/** crun refuses a hybrid of control groups v1 and v2, so Podman runs where v2 is not mounted. */
const inNamespace = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec podman "$@"';

export async function podmanIn(folder: string): Promise<Podman> {
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, 'podman.sock');
  const configuration = join(folder, 'containers.conf');
  writeFileSync(
    configuration,
    '[engine]\ncgroup_manager="cgroupfs"\nevents_logger="none"\n[containers]\ncgroups="disabled"\n',
  );
  const env = { ...process.env, CONTAINERS_CONF: configuration };
  const argv = (args: readonly string[]): string[] => [
    ...['--mount', '--propagation', 'private', '--', 'sh', '-c', inNamespace, 'podman'],
    ...['--root', join(folder, 'root'), '--runroot', join(folder, 'run')],
    ...['--storage-driver', 'vfs', '--runtime', 'crun', ...args],
  ];
  const service = spawn('unshare', argv(['system', 'service', '--time=0', `unix://${socket}`]), {
    env,
    stdio: 'ignore',
  });
  await until(() => existsSync(socket), 'the API socket of podman');
  return {
    socket,
    podman: (...args) => execFileSync('unshare', argv(args), { env, encoding: 'utf8' }),
    async stop() {
      service.kill();
      const { pid } = service;
      if (pid !== undefined) await until(() => !isAlive(pid), 'podman to end');
    },
  };
}

/** Options of `podman run` that an unprivileged test machine allows. */
export const runOptions = [
  ...['--network', 'host', '--cgroups', 'disabled'],
  ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
];

/** A root file system with one program of the host and its libraries, for `podman run --rootfs`. */
export function rootFileSystem(folder: string, programPath: string): string {
  const copy = (path: string): void => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    copyFileSync(realpathSync(path), join(folder, path));
  };
  const libraries = spawnSync('ldd', [programPath], { encoding: 'utf8' }).stdout.match(/\/\S+/g) ?? [];
  for (const path of [programPath, ...libraries]) copy(path);
  for (const name of [
    'etc',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'var/log/nginx',
    'var/lib/nginx',
    'usr/share',
  ])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  return folder;
}
