// This machine as a host that SSM manages: runs the script of a command as the SSM Agent does (`ssm-agent.ts`).
//
// The script belongs to the host, not to certferry: it runs in a session of its own, and a certferry process that is
// killed in the middle leaves it running. The runner, a shell that stands for the worker of the SSM Agent, writes the exit
// code to a file. A later reader learns from it how the script ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive } from '../base/process-identity.ts';
import { endOf } from './command-end.ts';
import { type CommandRecord, type CommandRecords, commandFiles, readOrEmpty } from './command-records.ts';
import { scriptEnvironment } from './script-environment.ts';
import { ssmAgent } from './ssm-agent.ts';

/**
 * $1 script, $2 stdout, $3 stderr, $4 result, $5 umask of the script. Each `cat` ends when no process holds its stream any
 * more. File descriptor 3 is the pipe of the standard output.
 */
const runner = `
umask 077
{
  { sh -c 'umask "$2"; "$1"' sh "$1" "$5"; echo $? >"$4.new"; } 2>&1 >&3 3>&- | cat >"$3"
} 3>&1 | cat >"$2"
mv "$4.new" "$4"
`;

/** Starts the script of a recorded command and resolves, when it has ended, with the record of its end. */
export async function runOnHost(
  records: CommandRecords,
  pending: CommandRecord,
  script: string,
): Promise<CommandRecord> {
  const files = commandFiles(records.folder(pending.commandId));
  const { mode } = ssmAgent.script.value;
  writeFileSync(files.script, script, { mode });
  chmodSync(files.script, mode);
  const parameters = [files.script, files.stdout, files.stderr, files.result, ssmAgent.umask.value];
  const child = spawn('sh', ['-c', runner, 'ssm', ...parameters], {
    cwd: ssmAgent.workingDirectory.value,
    detached: true,
    stdio: ssmAgent.standardInput.value,
    env: scriptEnvironment(pending),
  });
  const startedAt = Date.now();
  records.write({ ...pending, startedAt, runner: child.pid === undefined ? null : identify(child.pid) });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, pending.timeoutSeconds * 1000);
  await ended(child);
  clearTimeout(timer);
  const record = settle(records, pending.commandId, { timedOut });
  if (record.end !== null) return record;
  await sleep(ssmAgent.deadWorker.value.seconds * 1000, undefined, { ref: false });
  return settle(records, pending.commandId);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** The current record. If the command has ended and no process has recorded it, this call does. Times are in milliseconds. */
export function settle(
  records: CommandRecords,
  commandId: string,
  { timedOut = false, now = Date.now() }: { readonly timedOut?: boolean; readonly now?: number } = {},
): CommandRecord {
  const record = records.read(commandId);
  if (record === null) throw new Error(`command ${commandId} is gone from ${records.folder(commandId)}`);
  if (record.end !== null) return record;
  const result = readOrEmpty(commandFiles(records.folder(commandId)).result).trim();
  const isRunning = record.runner !== null && isAlive(record.runner);
  const verdict = endOf(record, { result, isRunning, timedOut, now });
  if (verdict === 'running') return record;
  if (verdict === 'runner_gone') return written(records, { ...record, runnerGoneAt: now });
  // the process that would have killed the script is gone
  if (isRunning && verdict.status === 'TimedOut') killGroup(record.runner?.pid);
  return written(records, { ...record, end: { ...verdict, at: now } });
}

function written(records: CommandRecords, record: CommandRecord): CommandRecord {
  records.write(record);
  return record;
}

/** Kills a command that is running and records it as cancelled. */
export function cancel(records: CommandRecords, commandId: string): void {
  const record = settle(records, commandId);
  if (record.end !== null || record.runner === null) return;
  const { exitCode } = ssmAgent.cancellation.value;
  records.write({ ...record, end: { status: 'Cancelled', responseCode: exitCode, at: Date.now() } });
  killGroup(record.runner.pid);
}

/** The script and all it started, as long as they stayed in its group. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
