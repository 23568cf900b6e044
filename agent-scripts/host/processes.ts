import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** A running process. The start time distinguishes it from a later process with the same id (proc_pid_stat(5)). */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
}

export function runningProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processOf(Number(name)))
    .filter((found) => found !== null);
}

/** A program's name may contain spaces and parentheses, so fields are counted from the last parenthesis. */
export function processOf(pid: number): Process | null {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, startTime] = [fields[1], fields[19]];
  return parent === undefined || startTime === undefined ? null : { pid, parent: Number(parent), startTime };
}

/** The given sockets that a process has open. Empty if this user may not read that. */
export function heldSockets(pid: number, sockets: ReadonlySet<string>): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .map((fd) => readLink(`/proc/${pid}/fd/${fd}`))
      .filter((name) => sockets.has(name));
  } catch {
    return [];
  }
}

/** Whether a process runs the program of its parent with the same command line, as the workers of haproxy do. */
export function hasCommandOfParent({ pid, parent }: Process): boolean {
  const own = read(`/proc/${pid}/cmdline`);
  return (
    own !== '' &&
    own === read(`/proc/${parent}/cmdline`) &&
    readLink(`/proc/${pid}/exe`) === readLink(`/proc/${parent}/exe`)
  );
}

/** Longer names of programs are cut. */
const maximumNameLength = 40;

/**
 * The name of a process's program: of its executable file, which the program cannot change, unlike its own name. After an
 * upgrade, the kernel appends ` (deleted)` to the path.
 */
export function programOf(pid: number): string {
  const executable = basename(readLink(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''));
  const name = executable === '' ? read(`/proc/${pid}/comm`).trim() : executable;
  return name.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, maximumNameLength);
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
