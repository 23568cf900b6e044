import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT';

/** One step of an execution, as the interpreter tells it. `timestamp` is epoch milliseconds. */
export interface ExecutionEvent {
  readonly type: string;
  readonly timestamp: number;
  readonly state?: StateOfEvent | undefined;
  readonly Error?: string | undefined;
  readonly Cause?: unknown;
  readonly catch?: { readonly catcher: { readonly Next?: string } } | undefined;
}

export interface StateOfEvent {
  readonly name: string;
  readonly type: string;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** First line of a record. Times are epoch milliseconds. */
interface Start {
  readonly line: 'start';
  readonly name: string;
  readonly arn: string;
  readonly startedAt: number;
  readonly input: unknown;
  readonly owner: ProcessIdentity;
}

/** Last line of a record. */
export interface End {
  readonly line: 'end';
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly stoppedAt: number;
  readonly output: unknown;
  readonly error: string | null;
  readonly cause: string | null;
}

export interface ExecutionRecord {
  readonly start: Start;
  readonly events: readonly ExecutionEvent[];
  /** Null while it runs, and for good when its process died and nobody has looked yet. */
  readonly end: End | null;
  /** An execution without an end whose process is gone counts as ABORTED. */
  readonly status: ExecutionStatus;
}

/**
 * Executions as files of JSON lines, written as things happen, so that another process, and a crash, see them.
 * Which ones have no end yet is marked by an empty file each, so that looking for the dead reads no histories.
 */
export interface ExecutionRecords {
  begin(execution: Pick<Start, 'name' | 'arn' | 'startedAt' | 'input'>): void;
  append(name: string, event: ExecutionEvent): void;
  finish(name: string, end: Omit<End, 'line'>): void;
  read(name: string): ExecutionRecord | null;
  names(): string[];
  /** Those that are running, or died without an end. */
  unfinished(): string[];
}

const suffix = '.jsonl';
const namePattern = /^[A-Za-z0-9_-]{1,80}$/;

export function openExecutionRecords(folder: string): ExecutionRecords {
  const running = join(folder, 'running');
  mkdirSync(running, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(folder, name + suffix);
  const append = (name: string, line: object) =>
    appendFileSync(file(name), `${JSON.stringify(line)}\n`, { mode: 0o600 });
  return {
    begin(execution) {
      const start: Start = { line: 'start', ...execution, owner: identify(process.pid) };
      writeFileSync(join(running, execution.name), '', { mode: 0o600 });
      append(execution.name, start);
    },
    append: (name, event) => append(name, event),
    finish(name, end) {
      // a process that died in the middle of a line left it open
      appendFileSync(file(name), '\n');
      append(name, { line: 'end', ...end } satisfies End);
      rmSync(join(running, name), { force: true });
    },
    read: (name) => (namePattern.test(name) ? read(file(name)) : null),
    names: () =>
      readdirSync(folder)
        .filter((entry) => entry.endsWith(suffix))
        .map((entry) => entry.slice(0, -suffix.length)),
    unfinished: () => readdirSync(running),
  };
}

type Line = Start | End | (ExecutionEvent & { readonly line?: undefined });

function read(path: string): ExecutionRecord | null {
  const lines = linesOf(path);
  const [start] = lines;
  if (start?.line !== 'start') return null;
  const end = lines.find((line) => line.line === 'end') ?? null;
  return {
    start,
    events: lines.filter((line) => line.line === undefined),
    end,
    status: end?.status ?? (isAlive(start.owner) ? 'RUNNING' : 'ABORTED'),
  };
}

function linesOf(path: string): Line[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line): Line[] => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      // empty, or torn by a death
      return [];
    }
  });
}
