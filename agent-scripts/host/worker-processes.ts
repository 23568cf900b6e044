import { listeningSockets } from './listening-sockets.ts';
import { hasCommandOfParent, heldSockets, type Process, processOf, runningProcesses } from './processes.ts';

/** Processes that accept connections on a port of this host, as `pid:startTime`. */
export type Workers = ReadonlySet<string>;

/**
 * The worker processes that accept connections on a TCP port and that a reload replaces. A worker has the listening
 * socket open and has a master. The parent has the socket open too (nginx, apache, postfix) or has the same command line
 * (haproxy, whose master does not listen). Empty if no process listens, if this user may not read /proc, or if the daemon
 * is a single process.
 */
export function workersOn(port: number): Workers {
  const sockets = namesOn(port);
  if (sockets.size === 0) return new Set();
  const holders = runningProcesses().filter(({ pid }) => heldSockets(pid, sockets).length > 0);
  const pids = new Set(holders.map(({ pid }) => pid));
  return new Set(
    holders.filter((holder) => pids.has(holder.parent) || hasCommandOfParent(holder)).map(processName),
  );
}

/** How many of the given workers still accept connections on the port. */
export function countListening(workers: Workers, port: number): number {
  const sockets = namesOn(port);
  const pids = [...workers].map((name) => Number(name.split(':')[0]));
  const alive = pids.map(processOf).filter((found) => found !== null && workers.has(processName(found)));
  return alive.filter((found) => found !== null && heldSockets(found.pid, sockets).length > 0).length;
}

function namesOn(port: number): ReadonlySet<string> {
  return new Set(listeningSockets(port).map(({ name }) => name));
}

function processName({ pid, startTime }: Process): string {
  return `${pid}:${startTime}`;
}
