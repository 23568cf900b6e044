import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { identify, isAlive, type ProcessIdentity } from '../base/process-identity.ts';
import { appendLine, linesOf } from './json-lines.ts';

export type { ExecutionEvent };

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT';

/** The process that runs an execution, and its Step Functions endpoint (null before it has one). */
interface Runner {
  readonly owner: ProcessIdentity;
  readonly endpoint: string | null;
}

/** First line of a record. Times are epoch milliseconds. */
interface Start extends Runner {
  readonly line: 'start';
  readonly name: string;
  readonly arn: string;
  readonly startedAt: number;
  readonly input: unknown;
  /** Of a child of a Distributed Map. */
  readonly mapRunArn?: string | undefined;
}

/** A line after an end: the execution continues. */
interface Redrive extends Runner {
  readonly line: 'redrive';
  readonly count: number;
  readonly at: number;
}

/** Last line of a record, unless it is redriven. */
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
  /** Null while it runs, and after its process died until the next read notices it. */
  readonly end: End | null;
  /** An execution without an end whose process is gone counts as ABORTED. */
  readonly status: ExecutionStatus;
  readonly redriveCount: number;
  /** The process that runs it, or ran it last. */
  readonly runner: Runner;
}

/**
 * Executions as files of JSON lines. Each event is written at once, so that other processes can read it and a crash loses
 * none. An empty file marks each execution without an end, so that a search for dead ones reads no history.
 */
export interface ExecutionRecords {
  /** False when the name is taken: of two processes that begin the same one, one does. */
  begin(execution: Omit<Start, 'line' | keyof Runner>, endpoint: string | null): boolean;
  /** Continues an ended execution. False when another process is doing that at the moment. */
  redrive(name: string, count: number, endpoint: string | null): boolean;
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
  const mark = (name: string, flag: 'w' | 'wx') =>
    writeFileSync(join(running, name), '', { mode: 0o600, flag });
  const runner = (endpoint: string | null): Runner => ({ owner: identify(process.pid), endpoint });
  return {
    begin(execution, endpoint) {
      if (!reserve(file(execution.name))) return false;
      mark(execution.name, 'w');
      appendLine(file(execution.name), { line: 'start', ...execution, ...runner(endpoint) } satisfies Start);
      return true;
    },
    redrive(name, count, endpoint) {
      if (!createUnlessExists(() => mark(name, 'wx'))) return false;
      const line: Redrive = { line: 'redrive', count, at: Date.now(), ...runner(endpoint) };
      appendLine(file(name), line);
      return true;
    },
    // a full disk may have left the line before it open
    append: (name, event) => appendLine(file(name), event, { after: '\n' }),
    finish(name, end) {
      // a process that died in the middle of a line left it open
      appendLine(file(name), { line: 'end', ...end } satisfies End, { after: '\n' });
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

function reserve(path: string): boolean {
  return createUnlessExists(() => closeSync(openSync(path, 'ax', 0o600)));
}

function createUnlessExists(create: () => void): boolean {
  try {
    create();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

type Line = Start | Redrive | End | (ExecutionEvent & { readonly line?: undefined });

function read(path: string): ExecutionRecord | null {
  const lines = linesOf<Line>(readOrEmpty(path));
  const [start] = lines;
  if (start?.line !== 'start') return null;
  const turn = lines.findLast((line) => line.line === 'end' || line.line === 'redrive');
  const redrive = lines.findLast((line) => line.line === 'redrive');
  const end = turn?.line === 'end' ? turn : null;
  const runner = redrive ?? start;
  return {
    start,
    events: lines.filter((line) => line.line === undefined),
    end,
    status: end?.status ?? (isAlive(runner.owner) ? 'RUNNING' : 'ABORTED'),
    redriveCount: redrive?.count ?? 0,
    runner: { owner: runner.owner, endpoint: runner.endpoint },
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
