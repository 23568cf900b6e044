import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Looks every 10 ms; gives up after `seconds`. @throws Error that says what was waited for */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 120,
): Promise<void> {
  for (let round = 0; round < seconds * 100; round += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}

/**
 * Waits until a daemon takes connections.
 *
 * @throws Error with the last lines of its log, since the log is gone with the test's folder
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

/** Whether a process lives: one that has ended and that nobody has reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** Whether a port of loopback takes connections. */
export function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The process that a pid file names; null when it names none, or one that has ended. */
export function pidIn(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // a daemon may have died before it wrote its id; 0 would be our own process group
    return pid > 1 && isAlive(pid) ? pid : null;
  } catch {
    return null;
  }
}
