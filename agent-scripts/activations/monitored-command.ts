import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { describeCommand, quoteArgv, runCommand, startProblemOf, succeeded } from '../host/run-command.ts';
import { type ActivationResult, type Activator, filesOnly } from './activator.ts';

/**
 * Runs a program that only signals a main process, which may die of what it then reads: the command has long said yes.
 * `pidFiles` are the places where the main process may have written its id; the first one that is there counts.
 * With `pidFileRequired` one of them has to be there; without, a daemon that writes none is believed.
 */
export const MonitoredCommandActivation = z.strictObject({
  kind: z.literal('monitoredCommand'),
  argv: z.array(z.string()),
  pidFiles: z.array(z.string()),
  pidFileRequired: z.boolean(),
});
export type MonitoredCommandActivation = z.infer<typeof MonitoredCommandActivation>;

/** How long the main process is watched while old workers still finish what they do. */
const watchMilliseconds = 2_000;
/**
 * With all workers exchanged it has to live on for this long only. New ones alone prove nothing: httpd starts some
 * whenever it has too few.
 */
const steadyMilliseconds = 150;
const pollMilliseconds = 10;

/** What a pid file names: a process as (id, start), since ids are given again, and the workers it has. */
interface MainProcess {
  readonly id: string;
  readonly living: boolean;
  readonly workers: ReadonlySet<string>;
}

export const monitoredCommand: Activator<MonitoredCommandActivation> = {
  async run(activation, timeoutSeconds) {
    const before = mainProcess(activation.pidFiles);
    const command = await runCommand(activation.argv, timeoutSeconds);
    if (!succeeded(command)) return { ok: false, told: describeCommand(command) };
    const ending = await watch(activation, before);
    return { ok: ending.ok, told: `${describeCommand(command)}, and ${ending.told}` };
  },
  byHand: ({ argv }) => quoteArgv(argv),
  holds: async ({ argv }) => filesOnly(startProblemOf(argv)),
};

/** Waits for a sign that the daemon has read its files: other workers, or that nobody is there any more. */
async function watch(
  { pidFiles, pidFileRequired }: MonitoredCommandActivation,
  before: MainProcess | null,
): Promise<ActivationResult> {
  const giveUp = Date.now() + watchMilliseconds;
  let exchangedSince: number | null = null;
  for (;;) {
    const now = mainProcess(pidFiles);
    exchangedSince = hasOnlyNewWorkers(now, before) ? (exchangedSince ?? Date.now()) : null;
    const isSteady = exchangedSince !== null && Date.now() - exchangedSince >= steadyMilliseconds;
    if (isSteady || Date.now() > giveUp || isOver(now, before)) return atLast(now, before, pidFileRequired);
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}

/** The process that was told is dead. When it was dead before, the command may still be starting another. */
function isOver(now: MainProcess | null, before: MainProcess | null): boolean {
  return before?.living === true && now?.living === false && now.id === before.id;
}

function hasOnlyNewWorkers(now: MainProcess | null, before: MainProcess | null): boolean {
  if (now === null || !now.living || now.workers.size === 0) return false;
  return now.id !== before?.id || ![...before.workers].some((worker) => now.workers.has(worker));
}

function atLast(
  now: MainProcess | null,
  before: MainProcess | null,
  pidFileRequired: boolean,
): ActivationResult {
  if (now?.living === true) return { ok: true, told: `its main process ${now.id} lives on` };
  if (now === null && before === null && !pidFileRequired) return { ok: true, told: 'it keeps no pid file' };
  const who =
    before?.living === true ? `its main process ${before.id} died of it` : 'nothing runs afterwards';
  return { ok: false, told: `${who}: the daemon's own error log says why` };
}

function mainProcess(pidFiles: readonly string[]): MainProcess | null {
  const file = pidFiles.find((path) => existsSync(path));
  if (file === undefined) return null;
  const id = read(file).trim();
  // proc_pid_stat(5): after the name in parentheses come state (Z: dead, not yet reaped) and the rest
  const state = /^[1-9]\d*$/.test(id) ? /.*\) (\S)/s.exec(read(`/proc/${id}/stat`))?.[1] : undefined;
  const workers = read(`/proc/${id}/task/${id}/children`).split(' ').filter(Boolean);
  return { id, living: state !== undefined && !'ZXx'.includes(state), workers: new Set(workers) };
}

/** Empty where there is nothing to read: a process may end between two looks. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
