import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ports that a kernel hands out for outgoing connections (from 32768 on Linux, ip_local_port_range; from 49152
// on others): one of those may be taken between this look and the daemon's own bind.
const lowest = 10_240;
const highest = 32_767;
const given = new Set<number>();

/**
 * A port of loopback that nobody listens on now, for a daemon that wants a number in its configuration. No port is given
 * twice to one process.
 *
 * @throws Error when a hundred ports in a row are taken
 */
export async function freePort(): Promise<number> {
  for (let look = 0; look < 100; look += 1) {
    const port = randomInt(lowest, highest + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free port from ${lowest} to ${highest}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
