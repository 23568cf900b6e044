import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ephemeral ports (from 32768 on Linux, ip_local_port_range; from 49152 on others): an outgoing connection could
// take one of those between this check and the daemon's bind.
const lowest = 10_240;
const highest = 32_767;
const returned = new Set<number>();

/**
 * A free loopback port, for a daemon whose configuration requires a port number. Within one process, each call returns
 * a different port.
 *
 * @throws Error when a hundred ports in a row are in use
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(lowest, highest + 1);
    if (returned.has(port) || !(await isFree(port))) continue;
    returned.add(port);
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
