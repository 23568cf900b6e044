import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { describeCommand, findStartProblem, quoteArgv, runCommand, succeeded } from '../host/run-command.ts';
import { type ActivationResult, type Activator, filesOnly } from './activator.ts';

/**
 * Runs a command that only signals a main process, and monitors that process: it may exit while it loads the files,
 * although the command has succeeded. `pidFiles` are the paths where the main process may write its id; the first that
 * exists is used. If none exists, the activation fails with `pidFileRequired`, and otherwise succeeds.
 */
export const MonitoredCommandActivation = z.strictObject({
  kind: z.literal('monitoredCommand'),
  argv: z.array(z.string()),
  pidFiles: z.array(z.string()),
  pidFileRequired: z.boolean(),
});
export type MonitoredCommandActivation = z.infer<typeof MonitoredCommandActivation>;

/** Maximum time to monitor the main process while old workers finish their connections. */
const monitorMilliseconds = 2_000;
/** Maximum time until a daemon that was not running has written its process id. A busy host needs seconds for it. */
const startMilliseconds = 5_000;
/**
 * Once all workers are new, the main process must run for this long. A new worker alone proves nothing: httpd also starts
 * workers under load.
 */
const steadyMilliseconds = 150;
const pollMilliseconds = 10;

/** The process named by a pid file, and its workers. */
interface MainProcess {
  readonly id: string;
  readonly isRunning: boolean;
  readonly workers: ReadonlySet<string>;
}

export const monitoredCommand: Activator<MonitoredCommandActivation> = {
  async run(activation, { timeoutSeconds }) {
    const previous = readMainProcess(activation.pidFiles);
    const command = await runCommand(activation.argv, timeoutSeconds);
    if (!succeeded(command)) return { ok: false, detail: describeCommand(command) };
    const { ok, detail } = await monitor(activation, previous);
    return { ok, detail: `${describeCommand(command)}; ${detail}` };
  },
  manualCommand: ({ argv }) => quoteArgv(argv),
  readMemory: async ({ argv }) => filesOnly(findStartProblem(argv)),
};

/** Waits until all workers are new, the main process has exited, or the time is over. */
async function monitor(
  { pidFiles, pidFileRequired }: MonitoredCommandActivation,
  previous: MainProcess | null,
): Promise<ActivationResult> {
  const starts = previous === null ? pidFileRequired : !previous.isRunning;
  const deadline = Date.now() + (starts ? startMilliseconds : monitorMilliseconds);
  let replacedSince: number | null = null;
  for (;;) {
    const current = readMainProcess(pidFiles);
    replacedSince = hasOnlyNewWorkers(current, previous) ? (replacedSince ?? Date.now()) : null;
    const isSteady = replacedSince !== null && Date.now() - replacedSince >= steadyMilliseconds;
    if (isSteady || Date.now() > deadline || hasExited(current, previous)) {
      return resultOf(current, previous, pidFileRequired);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}

/** Whether the signalled process has exited. If it was not running before, the command may still be starting one. */
function hasExited(current: MainProcess | null, previous: MainProcess | null): boolean {
  return previous?.isRunning === true && current?.isRunning === false && current.id === previous.id;
}

function hasOnlyNewWorkers(current: MainProcess | null, previous: MainProcess | null): boolean {
  if (current === null || !current.isRunning || current.workers.size === 0) return false;
  return current.id !== previous?.id || ![...previous.workers].some((worker) => current.workers.has(worker));
}

function resultOf(
  current: MainProcess | null,
  previous: MainProcess | null,
  pidFileRequired: boolean,
): ActivationResult {
  if (current?.isRunning === true) return { ok: true, detail: `main process ${current.id} still runs` };
  if (current === null && previous === null && !pidFileRequired) {
    return { ok: true, detail: 'the daemon writes no pid file' };
  }
  const fact =
    previous?.isRunning === true ? `main process ${previous.id} has exited` : 'no main process runs';
  return { ok: false, detail: `${fact}; see the daemon's error log` };
}

function readMainProcess(pidFiles: readonly string[]): MainProcess | null {
  const file = pidFiles.find((path) => existsSync(path));
  if (file === undefined) return null;
  const id = read(file).trim();
  // proc_pid_stat(5): the state follows the name in parentheses; Z is a zombie
  const state = /^[1-9]\d*$/.test(id) ? /.*\) (\S)/s.exec(read(`/proc/${id}/stat`))?.[1] : undefined;
  const workers = read(`/proc/${id}/task/${id}/children`).split(' ').filter(Boolean);
  return { id, isRunning: state !== undefined && !'ZXx'.includes(state), workers: new Set(workers) };
}

/** Empty if the file cannot be read: the process may have just exited. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
