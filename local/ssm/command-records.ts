import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../base/process-identity.ts';
import { requireTrustedFiles } from '../base/trusted-state.ts';
import { ssmAgent } from './ssm-agent.ts';

export type CommandStatus = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';

/** What is kept of a command. Its parameter is sealed to the host. Times are epoch milliseconds. */
export interface CommandRecord {
  readonly commandId: string;
  readonly host: string;
  readonly documentName: string;
  readonly documentVersion: string;
  readonly parameters: { readonly Job: readonly [string] };
  readonly comment: string;
  readonly requestedAt: number;
  readonly timeoutSeconds: number;
  readonly startedAt: number | null;
  /** The process that leads the script's process group. */
  readonly runner: ProcessIdentity | null;
  /** When the runner was first missed without a result; null or absent if it was not. */
  readonly runnerGoneAt?: number | null;
  readonly end: (CommandEnd & { readonly at: number }) | null;
}

/** How a command ended. `workerDied`: the runner did not live to report the end of the script. */
export interface CommandEnd {
  readonly status: CommandStatus;
  readonly responseCode: number;
  readonly workerDied?: true;
}

/** The files of one command. `result` holds the script's exit code once it has ended. */
export function commandFiles(folder: string) {
  const inside = (name: string) => join(folder, name);
  return {
    record: inside('command.json'),
    script: inside(ssmAgent.script.value.name),
    stdout: inside('stdout'),
    stderr: inside('stderr'),
    result: inside('result'),
  };
}

/** Commands as files, one folder each, so that they outlive the process that sent them. */
export interface CommandRecords {
  folder(commandId: string): string;
  write(record: CommandRecord): void;
  /** Null if there is none. Throws UntrustedPath if another user may have written a file of the command. */
  read(commandId: string): CommandRecord | null;
  /** The latest first. */
  list(): CommandRecord[];
}

/** SSM's ids are UUIDs; anything else could name a path. */
const commandIdPattern = /^[0-9a-f-]{36}$/;

export function openCommandRecords(path: string): CommandRecords {
  const folder = (commandId: string) => join(path, commandId);
  const read = (commandId: string): CommandRecord | null => {
    if (!commandIdPattern.test(commandId)) return null;
    requireTrustedFiles(folder(commandId));
    const text = readOrEmpty(commandFiles(folder(commandId)).record);
    return text === '' ? null : (JSON.parse(text) as CommandRecord);
  };
  return {
    folder,
    read,
    write(record) {
      const { record: file } = commandFiles(folder(record.commandId));
      mkdirSync(folder(record.commandId), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    list: () =>
      readdirSync(path)
        .map(read)
        .filter((record) => record !== null)
        .sort((one, other) => other.requestedAt - one.requestedAt),
  };
}

/** The text of a file; empty if it does not exist. */
export function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
