// Starts and redrives executions, runs them to their end, and records their events on disk.

import type { Objects } from '../aws/objects.ts';
import { executionEnded } from '../base/published-events.ts';
import { deployTarget, executionArn, readExecutionArn, stateMachineArn } from './arns.ts';
import { type EndedChild, runDistributedMap } from './distributed-map.ts';
import type { ExecutionEvent, ExecutionRecord, ExecutionRecords } from './execution-record.ts';
import type { LocalForm, StateMachineDefinition } from './local-form.ts';
import {
  executionAlreadyExists,
  executionDoesNotExist,
  executionNotRedrivable,
  stateMachineDoesNotExist,
} from './refusals.ts';
import { type Reentry, type RunningExecution, type RunOptions, runMachine } from './run.ts';
import type { Invoke } from './tasks.ts';
import type { TaskTokens } from './tokens.ts';

/** What an event is about: the execution itself, or a child of its Distributed Map. */
export interface EventSource {
  readonly name: string;
  readonly arn: string;
  readonly input: unknown;
}
export type OnEvent = (event: ExecutionEvent, of: EventSource) => void;

export interface ExecutionsOptions {
  /** By name. */
  readonly machines: Readonly<Record<string, StateMachineDefinition>>;
  readonly folder: string;
  readonly invoke: Invoke;
  /** The bucket of Distributed Maps; for machines without one it may be left out. */
  readonly objects?: Objects | undefined;
  /** Children of a Distributed Map that run at a time, whatever the map allows: here they share one machine. */
  readonly childrenAtOnce?: number | undefined;
  /** Delivers the status-change event of an execution that has ended; must not throw. */
  readonly onEnded: (event: object, machine: string) => Promise<void>;
  /**
   * Runs a write of a record of an execution that runs. The default throws what the write throws; then the execution continues
   * without its records.
   */
  readonly keepRecord?: ((write: () => void) => void) | undefined;
  /** Called when an execution without a waiting caller fails for a reason of this process, such as a full disk. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** What the executions of one process share. */
export interface ExecutionsContext {
  readonly options: ExecutionsOptions;
  /** By ARN. */
  readonly running: Map<string, RunningExecution>;
  readonly recordsOf: (machine: string) => ExecutionRecords;
  readonly tokens: TaskTokens;
  readonly forms: ReadonlyMap<string, LocalForm>;
  endpoint: string | null;
}

interface NewExecution {
  readonly machine: string;
  readonly name: string;
  readonly input: object;
  readonly onEvent: OnEvent;
  readonly mapRunArn?: string;
}

/** Throws ExecutionAlreadyExists and StateMachineDoesNotExist. */
export function startExecution(
  context: ExecutionsContext,
  { machine, onEvent, ...execution }: NewExecution,
): RunningExecution {
  if (!context.forms.has(machine)) throw stateMachineDoesNotExist(stateMachineArn(machine));
  const arn = executionArn(execution.name, machine);
  const start = { ...execution, arn, startedAt: Date.now() };
  if (!context.recordsOf(machine).begin(start, context.endpoint)) throw executionAlreadyExists(arn);
  return runExecution(context, { machine, ...start, onEvent, reentry: null, mapRun: null });
}

/** Throws ExecutionDoesNotExist or ExecutionNotRedrivable. */
export function redrive(
  context: ExecutionsContext,
  record: ExecutionRecord | null,
  { arn, onEvent }: { readonly arn: string; readonly onEvent: OnEvent },
): RunningExecution {
  if (record === null) throw executionDoesNotExist(arn);
  const { start, status, events } = record;
  if (record.end === null || status === 'SUCCEEDED') throw executionNotRedrivable(arn, `is ${status}`);
  const machine = readExecutionArn(arn)?.machine ?? deployTarget;
  const count = record.redriveCount + 1;
  if (!context.recordsOf(machine).redrive(start.name, count, context.endpoint)) {
    throw executionNotRedrivable(arn, 'is being redriven');
  }
  const entered = events.findLast(({ type }) => type === 'StateEntered');
  const state = entered?.state?.name ?? context.forms.get(machine)?.definition.StartAt ?? '';
  const input = entered === undefined ? start.input : entered.state?.input;
  const reentry: Reentry = { state, input, startedAt: start.startedAt, count };
  const sinceThen = entered === undefined ? [] : events.slice(events.lastIndexOf(entered));
  const mapRun = sinceThen.findLast(({ mapRunArn }) => mapRunArn !== undefined)?.mapRunArn ?? null;
  const { name, startedAt } = start;
  return runExecution(context, {
    machine,
    name,
    arn,
    startedAt,
    input: start.input as object,
    onEvent,
    reentry,
    mapRun,
  });
}

interface ExecutionToRun extends EventSource {
  readonly machine: string;
  readonly startedAt: number;
  readonly input: object;
  readonly onEvent: OnEvent;
  readonly reentry: Reentry | null;
  /** ARN of the Map Run that was under way when the execution ended. */
  readonly mapRun: string | null;
}

function runExecution(context: ExecutionsContext, execution: ExecutionToRun): RunningExecution {
  const { machine, name, arn, startedAt, input, onEvent, reentry } = execution;
  const form = context.forms.get(machine);
  if (form === undefined) throw new Error(`local mode has no state machine ${machine}`);
  const records = context.recordsOf(machine);
  const { keepRecord = (write) => write() } = context.options;
  const report = (event: ExecutionEvent) => {
    const reported = asMap(form, event);
    keepRecord(() => records.append(name, reported));
    onEvent(reported, execution);
  };
  const run = runMachine({
    name,
    arn,
    stateMachine: { arn: stateMachineArn(machine), name: machine },
    definition: form.definition,
    input,
    reentry,
    taskTokens: context.tokens.forExecution({ machine, name }),
    invoke: context.options.invoke,
    map: mapRunner(context, execution, report),
    onEvent: report,
  });
  const finish = async () => {
    const end = await run.ended;
    keepRecord(() => records.finish(name, end));
    const ended = { arn, name, startedAt, input, ...end };
    await context.options.onEnded(executionEnded(ended), machine);
    context.running.delete(arn);
    return end;
  };
  const running: RunningExecution = { name, arn, startedAt, abort: run.abort, ended: finish() };
  context.running.set(arn, running);
  return running;
}

/** Reports the task that replaces a Distributed Map as the Map. */
function asMap({ processors }: LocalForm, event: ExecutionEvent): ExecutionEvent {
  if (event.state === undefined || !processors.has(event.state.name)) return event;
  return { ...event, state: { ...event.state, type: 'Map' } };
}

function mapRunner(
  context: ExecutionsContext,
  parent: ExecutionToRun,
  report: (event: ExecutionEvent) => void,
): RunOptions['map'] {
  const { objects, childrenAtOnce, folder, keepRecord = (write) => write() } = context.options;
  if (objects === undefined) return undefined;
  let interrupted = parent.mapRun;
  return (state, input, aborted) => {
    const machine = `${parent.machine}/${state}`;
    const redriven = interrupted;
    // a retry of the state, and the next wave, are Map Runs of their own
    interrupted = null;
    return runDistributedMap(input, {
      machine,
      folder,
      keepRecord,
      objects,
      atOnce: childrenAtOnce,
      redriven,
      aborted,
      reportMapRun: (type, mapRunArn) =>
        report({ type, timestamp: Date.now(), mapRunArn, state: { name: state, type: 'Map' } }),
      start: (name, item, mapRunArn) =>
        startExecution(context, { machine, name, input: item, onEvent: parent.onEvent, mapRunArn }),
      ended: (name) => endedChild(context.recordsOf(machine).read(name)),
    });
  };
}

function endedChild(record: ExecutionRecord | null): EndedChild | null {
  if (record === null || record.end === null) return null;
  const { name, arn, startedAt } = record.start;
  return { name, arn, startedAt, ...record.end };
}
