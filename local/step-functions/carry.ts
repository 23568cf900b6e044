// How one execution is carried from its begin, or from a redrive, to its end, with all that it leaves on disk.

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
import { type Reentry, type Running, type RunOptions, runMachine } from './run.ts';
import type { Invoke } from './tasks.ts';
import type { TokenBook } from './tokens.ts';

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
  /** Called when an execution without a waiting caller fails for a reason of this process, such as a full disk. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** What the executions of one process share. */
export interface House {
  readonly options: ExecutionsOptions;
  /** By ARN. */
  readonly running: Map<string, Running>;
  readonly shelf: (machine: string) => ExecutionRecords;
  readonly tokens: TokenBook;
  readonly forms: ReadonlyMap<string, LocalForm>;
  endpoint: string | null;
}

interface Beginning {
  readonly machine: string;
  readonly name: string;
  readonly input: object;
  readonly onEvent: OnEvent;
  readonly mapRunArn?: string;
}

/** Throws ExecutionAlreadyExists and StateMachineDoesNotExist. */
export function begin(house: House, { machine, onEvent, ...beginning }: Beginning): Running {
  if (!house.forms.has(machine)) throw stateMachineDoesNotExist(stateMachineArn(machine));
  const arn = executionArn(beginning.name, machine);
  const start = { ...beginning, arn, startedAt: Date.now() };
  if (!house.shelf(machine).begin(start, house.endpoint)) throw executionAlreadyExists(arn);
  return carry(house, { machine, ...start, onEvent, reentry: null, mapRun: null });
}

/** Throws ExecutionDoesNotExist or ExecutionNotRedrivable. */
export function redrive(
  house: House,
  record: ExecutionRecord | null,
  { arn, onEvent }: { readonly arn: string; readonly onEvent: OnEvent },
): Running {
  if (record === null) throw executionDoesNotExist(arn);
  const { start, status, events } = record;
  if (record.end === null || status === 'SUCCEEDED') throw executionNotRedrivable(arn, `is ${status}`);
  const machine = readExecutionArn(arn)?.machine ?? deployTarget;
  const count = record.redriveCount + 1;
  if (!house.shelf(machine).redrive(start.name, count, house.endpoint)) {
    throw executionNotRedrivable(arn, 'is being redriven');
  }
  const entered = events.findLast(({ type }) => type === 'StateEntered');
  const state = entered?.state?.name ?? house.forms.get(machine)?.definition.StartAt ?? '';
  const input = entered === undefined ? start.input : entered.state?.input;
  const reentry: Reentry = { state, input, startedAt: start.startedAt, count };
  const sinceThen = entered === undefined ? [] : events.slice(events.lastIndexOf(entered));
  const mapRun = sinceThen.findLast(({ mapRunArn }) => mapRunArn !== undefined)?.mapRunArn ?? null;
  const { name, startedAt } = start;
  return carry(house, {
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

interface Carried extends EventSource {
  readonly machine: string;
  readonly startedAt: number;
  readonly input: object;
  readonly onEvent: OnEvent;
  readonly reentry: Reentry | null;
  /** ARN of the Map Run that was under way when the execution ended. */
  readonly mapRun: string | null;
}

function carry(house: House, carried: Carried): Running {
  const { machine, name, arn, startedAt, input, onEvent, reentry } = carried;
  const form = house.forms.get(machine);
  if (form === undefined) throw new Error(`local mode has no state machine ${machine}`);
  const records = house.shelf(machine);
  const keep = (event: ExecutionEvent) => {
    const told = asMap(form, event);
    records.append(name, told);
    onEvent(told, carried);
  };
  const run = runMachine({
    name,
    arn,
    stateMachine: { arn: stateMachineArn(machine), name: machine },
    definition: form.definition,
    input,
    reentry,
    desk: house.tokens.openDesk({ machine, name }),
    invoke: house.options.invoke,
    map: mapRunner(house, carried, keep),
    onEvent: keep,
  });
  const finish = async () => {
    const end = await run.ended;
    records.finish(name, end);
    const ended = { arn, name, startedAt, input, ...end };
    await house.options.onEnded(executionEnded(ended), machine);
    house.running.delete(arn);
    return end;
  };
  const running: Running = { name, arn, startedAt, abort: run.abort, ended: finish() };
  house.running.set(arn, running);
  return running;
}

/** Reports the task that replaces a Distributed Map as the Map. */
function asMap({ processors }: LocalForm, event: ExecutionEvent): ExecutionEvent {
  if (event.state === undefined || !processors.has(event.state.name)) return event;
  return { ...event, state: { ...event.state, type: 'Map' } };
}

function mapRunner(house: House, parent: Carried, keep: (event: ExecutionEvent) => void): RunOptions['map'] {
  const { objects, childrenAtOnce, folder } = house.options;
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
      objects,
      atOnce: childrenAtOnce,
      redriven,
      aborted,
      tell: (type, mapRunArn) =>
        keep({ type, timestamp: Date.now(), mapRunArn, state: { name: state, type: 'Map' } }),
      start: (name, item, mapRunArn) =>
        begin(house, { machine, name, input: item, onEvent: parent.onEvent, mapRunArn }),
      ended: (name) => endedChild(house.shelf(machine).read(name)),
    });
  };
}

function endedChild(record: ExecutionRecord | null): EndedChild | null {
  if (record === null || record.end === null) return null;
  const { name, arn, startedAt } = record.start;
  return { name, arn, startedAt, ...record.end };
}
