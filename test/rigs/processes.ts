import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Checks a condition every 10 ms until it is true. @throws Error that names the condition after `seconds` */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 120,
): Promise<void> {
  for (let round = 0; round < seconds * 100; round += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`timed out while waiting for ${what}`);
}

/**
 * Waits until a daemon accepts connections.
 *
 * @throws Error with the last lines of its log, because the log is removed with the folder of the test
 */
export async function untilListening(daemon: string, port: number, log: string): Promise<void> {
  await until(() => reachable(port), `${daemon} on port ${port}`).catch((error: Error) => {
    throw new Error(`${error.message}; its log ends with:\n${endOf(log)}`);
  });
}

/** The last twenty lines of a daemon's log. */
export function endOf(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n') : '(no log)';
}

/** Whether a process runs. False for a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** Whether a loopback port accepts connections. */
export function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The process in a pid file. Null if there is none or it has ended. */
export function pidIn(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // a daemon may have exited before it wrote its id; id 0 means this process group
    return pid > 1 && isAlive(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** Every live process that has `argument` on its command line. */
export function processesWith(argument: string): number[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1);
  return pids.filter((pid) => argumentsOf(pid).includes(argument) && isAlive(pid));
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Sends SIGTERM to a process that may have just ended: a worker exits with its master. */
export function terminate(id: number): void {
  try {
    process.kill(id, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
