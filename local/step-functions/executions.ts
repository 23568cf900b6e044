import { join } from 'node:path';
import { executionEnded } from '../base/published-events.ts';
import { deployTarget, isChild, readExecutionArn } from './arns.ts';
import {
  type End,
  type ExecutionEvent,
  type ExecutionRecord,
  type ExecutionRecords,
  openExecutionRecords,
} from './execution-record.ts';
import { type LocalForm, localForm } from './local-form.ts';
import { executionAlreadyExists } from './refusals.ts';
import type { RunningExecution } from './run.ts';
import {
  type ExecutionsContext,
  type ExecutionsOptions,
  type OnEvent,
  redrive,
  startExecution,
} from './start-execution.ts';
import { createTaskTokens, type TaskTokens } from './tokens.ts';

export { executionArn } from './arns.ts';
export type { OnEvent } from './start-execution.ts';

/** An execution that has ended. Times are epoch milliseconds. */
export interface EndedExecution extends Omit<End, 'line'> {
  readonly name: string;
  /** Of this run: after a redrive, those from then on. */
  readonly events: readonly ExecutionEvent[];
}

/** Executions of the machines: those of this process, and the records of all on this state folder. */
export interface Executions {
  /** Without the children of Distributed Maps. */
  readonly records: ExecutionRecords;
  readonly tokens: TaskTokens;
  /** Also a child. Null when there is none. */
  named(name: string): ExecutionRecord | null;
  /** The same by ARN. */
  find(arn: string): ExecutionRecord | null;
  /**
   * Runs an execution to its end. A failed execution is a result, not an error. Before this returns, the end is on disk and
   * published. Throws ExecutionAlreadyExists when the name was used before.
   */
  run(name: string, input: object, onEvent: OnEvent, machine?: string): Promise<EndedExecution>;
  /** Begins one that runs in the background. The same name and input while it runs is the same execution. */
  start(machine: string, name: string, input: object): { readonly arn: string; readonly startedAt: number };
  /**
   * Continues an execution that failed, was aborted or died, in the state where it ended. Throws ExecutionDoesNotExist or
   * ExecutionNotRedrivable and then changes nothing.
   */
  redrive(arn: string, onEvent?: OnEvent): Promise<{ readonly ended: Promise<EndedExecution> }>;
  /** False when this process runs no such execution. */
  abort(arn: string): boolean;
  /** From now on records say that this process's executions are reached there. */
  servedAt(endpoint: string): void;
  /** Aborts all that run here and waits until their end is recorded. */
  close(): Promise<void>;
  /** Ends each execution whose process died, as ABORTED, and publishes the end. */
  endAbandonedExecutions(): Promise<void>;
}

export function openExecutions(options: ExecutionsOptions): Executions {
  const running = new Map<string, RunningExecution>();
  const allRecords = {
    top: openExecutionRecords(options.folder),
    children: openExecutionRecords(join(options.folder, 'children')),
  };
  const recordsOf = (machine: string) => (isChild(machine) ? allRecords.children : allRecords.top);
  const context: ExecutionsContext = {
    options,
    running,
    recordsOf,
    tokens: createTaskTokens(),
    forms: formsOf(options.machines),
    endpoint: null,
  };
  const find = (arn: string): ExecutionRecord | null => {
    const known = readExecutionArn(arn);
    const record = known === null ? null : recordsOf(known.machine).read(known.name);
    return record?.start.arn === arn ? record : null;
  };
  const endAbandonedExecutions = async () => {
    // the children first, so that a continued rollout finds their locks free
    for (const records of [allRecords.children, allRecords.top]) {
      for (const name of records.unfinished()) await endIfAbandoned(name, records, options.onEnded);
    }
  };
  const inBackground = (ended: Promise<unknown>) => void ended.catch((error) => options.onFault?.(error));
  return {
    records: allRecords.top,
    tokens: context.tokens,
    named: (name) => allRecords.top.read(name) ?? allRecords.children.read(name),
    find,
    async run(name, input, onEvent, machine = deployTarget) {
      return collecting(onEvent, (report) =>
        startExecution(context, { machine, name, input, onEvent: report }),
      );
    },
    start(machine, name, input) {
      const record = recordsOf(machine).read(name);
      const same = JSON.stringify(record?.start.input) === JSON.stringify(input);
      if (record?.status === 'RUNNING' && same) return record.start;
      if (record !== null) throw executionAlreadyExists(record.start.arn);
      const execution = startExecution(context, { machine, name, input, onEvent: () => undefined });
      inBackground(execution.ended);
      return execution;
    },
    async redrive(arn, onEvent = () => undefined) {
      const known = readExecutionArn(arn);
      if (known !== null) await endIfAbandoned(known.name, recordsOf(known.machine), options.onEnded);
      const ended = collecting(onEvent, (report) => redrive(context, find(arn), { arn, onEvent: report }));
      inBackground(ended);
      return { ended };
    },
    abort(arn) {
      running.get(arn)?.abort();
      return running.has(arn);
    },
    servedAt(endpoint) {
      context.endpoint = endpoint;
    },
    async close() {
      for (const { abort } of running.values()) abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
    endAbandonedExecutions,
  };
}

/** Each machine, and what each of its Distributed Maps runs, under the name that Step Functions gives it. */
function formsOf(machines: ExecutionsOptions['machines']): ReadonlyMap<string, LocalForm> {
  const forms = new Map<string, LocalForm>();
  for (const [name, definition] of Object.entries(machines)) {
    const form = localForm(definition);
    forms.set(name, form);
    for (const [label, processor] of form.processors) forms.set(`${name}/${label}`, localForm(processor));
  }
  return forms;
}

/** Throws what `go` throws, before it returns. */
function collecting(onEvent: OnEvent, go: (onEvent: OnEvent) => RunningExecution): Promise<EndedExecution> {
  const events: ExecutionEvent[] = [];
  const { arn, name, ended } = go((event, of) => {
    if (of.arn === arn) events.push(event);
    onEvent(event, of);
  });
  return ended.then((end) => ({ name, events, ...end }));
}

async function endIfAbandoned(
  name: string,
  records: ExecutionRecords,
  onEnded: ExecutionsOptions['onEnded'],
) {
  const record = records.unfinished().includes(name) ? records.read(name) : null;
  // begun by another process this very moment, or alive
  if (record === null || record.status === 'RUNNING') return;
  const end = record.end ?? {
    status: 'ABORTED' as const,
    stoppedAt: Date.now(),
    output: null,
    error: null,
    cause: 'the certferry process that ran it died',
  };
  records.finish(name, end);
  const { arn, startedAt, input } = record.start;
  await onEnded(
    executionEnded({ arn, name, startedAt, input, ...end }),
    readExecutionArn(arn)?.machine ?? '',
  );
}
