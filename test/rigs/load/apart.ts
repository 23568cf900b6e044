import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DaemonUnderContract } from '../../contract/site.ts';
import type { UnderLoad } from './under-load.ts';

const run = promisify(execFile);
const runOne = join(import.meta.dirname, 'run-one.ts');

/** A network of its own, in which the kernel's setting is nobody else's. */
const migratingNetwork = `
ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_migrate_req && exec "$@"`;

/**
 * Renews one of the loaded daemons while clients keep coming; all of it in processes of their own, and with `migrating` in
 * a network of its own with net.ipv4.tcp_migrate_req.
 */
export async function underLoad(
  daemon: DaemonUnderContract,
  folder: string,
  renewals: number,
  migrating: boolean,
): Promise<UnderLoad> {
  const network = migrating ? ['unshare', '--net', '--', '/bin/sh', '-c', migratingNetwork, 'sh'] : [];
  const argv = [...network, process.execPath, runOne, daemon.title, folder, `${renewals}`];
  const [file = '', ...args] = argv;
  const { stdout } = await run(file, args);
  return JSON.parse(stdout) as UnderLoad;
}
