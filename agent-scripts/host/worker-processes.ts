import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A running process. The start time distinguishes it from a later process with the same id (proc_pid_stat(5)). */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
}

/** Processes that accept connections on a port of this host, as `pid:startTime`. */
export type Workers = ReadonlySet<string>;

/** State "listen" in /proc/net/tcp (proc_net(5)). */
const listenState = '0A';

/**
 * The worker processes that accept connections on a TCP port and that a reload replaces. A worker has the listening
 * socket open and has a master. The parent has the socket open too (nginx, apache, postfix) or has the same command line
 * (haproxy, whose master does not listen). Empty if no process listens, if this user may not read /proc, or if the daemon
 * is a single process.
 */
export function workersOn(port: number): Workers {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return new Set();
  const holders = runningProcesses().filter(({ pid }) => holdsSocket(pid, sockets));
  const pids = new Set(holders.map(({ pid }) => pid));
  return new Set(
    holders.filter((holder) => pids.has(holder.parent) || hasCommandOfParent(holder)).map(processName),
  );
}

function hasCommandOfParent({ pid, parent }: Process): boolean {
  const own = read(`/proc/${pid}/cmdline`);
  return (
    own !== '' &&
    own === read(`/proc/${parent}/cmdline`) &&
    readLink(`/proc/${pid}/exe`) === readLink(`/proc/${parent}/exe`)
  );
}

/** How many of the given workers still accept connections on the port. */
export function countListening(workers: Workers, port: number): number {
  const sockets = listeningSockets(port);
  const pids = [...workers].map((name) => Number(name.split(':')[0]));
  const alive = pids.map(processOf).filter((found) => found !== null && workers.has(processName(found)));
  return alive.filter((found) => found !== null && holdsSocket(found.pid, sockets)).length;
}

function processName({ pid, startTime }: Process): string {
  return `${pid}:${startTime}`;
}

/** Inodes of the sockets that listen on a port, over IPv4 and IPv6. */
function listeningSockets(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => read(table).split('\n'));
  const found = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listenState && local?.endsWith(`:${hexPort}`) === true)
    .map((fields) => fields[9])
    .filter((inode) => inode !== undefined);
  return new Set(found.map((inode) => `socket:[${inode}]`));
}

function runningProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processOf(Number(name)))
    .filter((found) => found !== null);
}

/** A program's name may contain spaces and parentheses, so fields are counted from the last parenthesis. */
function processOf(pid: number): Process | null {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, startTime] = [fields[1], fields[19]];
  return parent === undefined || startTime === undefined ? null : { pid, parent: Number(parent), startTime };
}

function holdsSocket(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readLink(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
