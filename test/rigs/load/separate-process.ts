import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DaemonUnderContract } from '../../contract/site.ts';
import type { UnderLoad } from './under-load.ts';

const run = promisify(execFile);
const runOne = join(import.meta.dirname, 'run-one.ts');

/** A new network namespace, in which the kernel setting affects no other process. */
const migratingNetwork = `
ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_migrate_req && exec "$@"`;

/**
 * Renews a daemon under load in a separate process. With `migrating`, that process has its own network namespace with
 * net.ipv4.tcp_migrate_req.
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
