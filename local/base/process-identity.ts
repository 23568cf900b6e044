import { readFileSync } from 'node:fs';

/**
 * A process, distinguished from a later one with the same number. `startedAt` is field 22 of `/proc/PID/stat` (clock
 * ticks since boot, proc(5)) and `boot` the kernel's boot id; both are null where there is no `/proc`.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string | null;
  readonly boot: string | null;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startedAt: startOf(pid), boot: readOrNull('/proc/sys/kernel/random/boot_id') };
}

/** Is this very process still running? A zombie is not. */
export function isAlive({ pid, startedAt, boot }: ProcessIdentity): boolean {
  if (startedAt !== null) {
    return startOf(pid) === startedAt && readOrNull('/proc/sys/kernel/random/boot_id') === boot;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  // the second field is the command's name in parentheses and may hold spaces and parentheses itself
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' ? null : (fields[19] ?? null);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
