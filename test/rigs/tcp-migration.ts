import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import type { Need } from './require-daemon.ts';

const setting = '/proc/sys/net/ipv4/tcp_migrate_req';

/** A kernel that can migrate connections (5.14 or later), and permission to configure it. */
export const tcpMigration: Need = {
  name: `${setting} to be writable`,
  met() {
    try {
      accessSync(setting, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
};

/**
 * While the work is done, connections that wait at a listening socket that is closed go to another one of the same port,
 * instead of being reset (https://docs.kernel.org/networking/ip-sysctl.html, `tcp_migrate_req`).
 */
export async function withTcpMigration<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = readFileSync(setting, 'utf8');
  writeFileSync(setting, '1');
  try {
    return await work();
  } finally {
    writeFileSync(setting, before);
  }
}
