// This machine as a host that SSM manages: runs a command's script as SSM's agent would.
//
// The script belongs to the host, not to certferry: it runs in a session of its own, and a certferry process that is
// killed in the middle leaves it running. Its shell writes the exit code to a file, so that a later reader learns
// how it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { identify, isAlive } from '../base/process-identity.ts';
import {
  type CommandRecord,
  type CommandRecords,
  type CommandStatus,
  commandFiles,
  readStart,
} from './command-records.ts';

/** $1 script, $2 stdout, $3 stderr, $4 result. */
const wrapper = 'sh "$1" >"$2" 2>"$3"; echo $? >"$4.new" && mv "$4.new" "$4"';

/** The exit code that a shell reports of a process killed by SIGKILL. */
const killedCode = 137;

/** Starts the script of a recorded command and resolves, when it has ended, with the record of its end. */
export async function runOnHost(
  records: CommandRecords,
  pending: CommandRecord,
  script: string,
): Promise<CommandRecord> {
  const folder = records.folder(pending.commandId);
  const files = commandFiles(folder);
  writeFileSync(files.script, script, { mode: 0o700 });
  const child = spawn('sh', ['-c', wrapper, 'ssm', files.script, files.stdout, files.stderr, files.result], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: environment(pending),
  });
  const startedAt = Date.now();
  const runner = child.pid === undefined ? null : identify(child.pid);
  records.write({ ...pending, startedAt, runner });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, pending.timeoutSeconds * 1000);
  await ended(child);
  clearTimeout(timer);
  return settle(records, pending.commandId, timedOut);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** As a service has it: nothing of the person's shell, and nothing of AWS. */
function environment({ commandId, host, parameters }: CommandRecord): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: homedir(),
    // the SSM Agent sets it for every script; the agent compares it with the host for which a job was signed
    AWS_SSM_INSTANCE_ID: host,
    SSM_COMMAND_ID: commandId,
    SSM_Job: parameters.Job[0],
  };
}

/** The current record. If the command has ended and no process has recorded it, this call does. */
export function settle(records: CommandRecords, commandId: string, timedOut = false): CommandRecord {
  const record = records.read(commandId);
  if (record === null) throw new Error(`command ${commandId} is gone from ${records.folder(commandId)}`);
  const { result } = commandFiles(records.folder(commandId));
  const end = record.end === null ? endOf(record, result, timedOut || isOverdue(record)) : null;
  if (end === null) return record;
  const settled = { ...record, end: { ...end, at: Date.now() } };
  records.write(settled);
  return settled;
}

type End = { status: CommandStatus; responseCode: number };

function endOf(record: CommandRecord, result: string, overdue: boolean): End | null {
  const code = readStart(result, 8).trim();
  if (code !== '') return { status: code === '0' ? 'Success' : 'Failed', responseCode: Number(code) };
  const alive = record.runner !== null && isAlive(record.runner);
  if (!overdue && (alive || record.startedAt === null)) return null;
  // the process that would have killed it is gone
  if (alive) killGroup(record.runner.pid);
  return { status: overdue ? 'TimedOut' : 'Failed', responseCode: killedCode };
}

/** For a command whose sender died before it started it, the time counts from the request. */
function isOverdue({ startedAt, requestedAt, timeoutSeconds }: CommandRecord): boolean {
  return Date.now() >= (startedAt ?? requestedAt) + timeoutSeconds * 1000;
}

/** Kills a command that is running and records it as cancelled. */
export function cancel(records: CommandRecords, commandId: string): void {
  const record = settle(records, commandId);
  if (record.end !== null || record.runner === null) return;
  records.write({ ...record, end: { status: 'Cancelled', responseCode: killedCode, at: Date.now() } });
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
