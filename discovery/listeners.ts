import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { reachableAddress } from './found.ts';
import type { Listener } from './host.ts';

/** The sockets that these processes listen on, over IPv4 and IPv6. Needs root for processes of other users. */
export function listenersOf(pids: readonly number[]): Listener[] {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listeningIn(read(path)));
  const holders = new Map<string, number[]>();
  for (const pid of pids) {
    for (const name of openSockets(pid)) holders.set(name, [...(holders.get(name) ?? []), pid]);
  }
  return sockets
    .map(({ inode, ...socket }) => ({ ...socket, pids: holders.get(`socket:[${inode}]`) ?? [] }))
    .filter((listener) => listener.pids.length > 0);
}

/** The listening sockets in the text of /proc/net/tcp or tcp6 (proc_net(5)). */
export function listeningIn(table: string): { address: string; port: number; inode: string }[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    return state === '0A' ? [{ address: addressOf(address), port: Number.parseInt(port, 16), inode }] : [];
  });
}

/** The table has words of 32 bits in the order of the machine; all supported machines are little-endian. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return reachableAddress(bytes.join('.'));
  if (bytes.every((byte) => byte === 0)) return reachableAddress('::');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (isMapped) return reachableAddress(bytes.slice(12).join('.'));
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? [];
  return `[${groups.map((group) => group.replace(/^0{1,3}/, '')).join(':')}]`;
}

function openSockets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
