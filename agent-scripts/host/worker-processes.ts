import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One living process; the start time tells it from a later one with the same id (proc_pid_stat(5)). */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
}

/** Processes that accept connections on a port of this host, as `pid:startTime`. */
export type Workers = ReadonlySet<string>;

/** State "listen" in /proc/net/tcp (proc_net(5)). */
const listening = '0A';

/**
 * The processes that take connections on a TCP port now and will be replaced by a reload: those that hold its listening
 * socket and have a master, which holds it too (nginx, apache, postfix) or runs the same command line (haproxy, whose
 * master does not listen). Empty where nobody listens, where this user may not look, or where one process does
 * everything: it has nobody to be replaced by.
 */
export function workersOn(port: number): Workers {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return new Set();
  const holders = runningProcesses().filter(({ pid }) => holdsSocket(pid, sockets));
  const pids = new Set(holders.map(({ pid }) => pid));
  return new Set(holders.filter((holder) => pids.has(holder.parent) || isTwinOfParent(holder)).map(nameOf));
}

function isTwinOfParent({ pid, parent }: Process): boolean {
  const own = read(`/proc/${pid}/cmdline`);
  return (
    own !== '' &&
    own === read(`/proc/${parent}/cmdline`) &&
    link(`/proc/${pid}/exe`) === link(`/proc/${parent}/exe`)
  );
}

/** Those of `workers` that still accept connections on the port. */
export function countListening(workers: Workers, port: number): number {
  const sockets = listeningSockets(port);
  const pids = [...workers].map((name) => Number(name.split(':')[0]));
  const alive = pids.map(processOf).filter((found) => found !== null && workers.has(nameOf(found)));
  return alive.filter((found) => found !== null && holdsSocket(found.pid, sockets)).length;
}

function nameOf({ pid, startTime }: Process): string {
  return `${pid}:${startTime}`;
}

/** Inodes of the sockets that listen on a port, of both address families. */
function listeningSockets(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => read(table).split('\n'));
  const found = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && local?.endsWith(`:${hexPort}`) === true)
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

/** The name of a program may hold spaces and brackets, so fields are counted from behind it. */
function processOf(pid: number): Process | null {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, startTime] = [fields[1], fields[19]];
  return parent === undefined || startTime === undefined ? null : { pid, parent: Number(parent), startTime };
}

function holdsSocket(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(link(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function link(path: string): string {
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
