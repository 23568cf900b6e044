import { readFileSync } from 'node:fs';

/** A socket that accepts connections on a TCP port of this host. */
export interface ListeningSocket {
  /** As in a link of /proc/PID/fd: `socket:[INODE]`. */
  readonly name: string;
  readonly family: 4 | 6;
  /** The local address in the hexadecimal form of the table; only zeros for all addresses. */
  readonly address: string;
}

const tables = [
  { path: '/proc/net/tcp', family: 4 },
  { path: '/proc/net/tcp6', family: 6 },
] as const;

/** State "listen" in /proc/net/tcp (proc_net(5)). */
const listenState = '0A';

/** The sockets that listen on a port, over IPv4 and IPv6. Empty if the system has no /proc. */
export function listeningSockets(port: number): ListeningSocket[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return tables.flatMap(({ path, family }) =>
    readTable(path).flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [address, ofPort] = fields[1]?.split(':') ?? [];
      const inode = fields[9];
      const isListening = fields[3] === listenState && ofPort === hexPort;
      return isListening && address !== undefined && inode !== undefined
        ? [{ name: `socket:[${inode}]`, family, address }]
        : [];
    }),
  );
}

function readTable(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
