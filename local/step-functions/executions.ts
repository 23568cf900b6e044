import {
  ExecutionAbortedError,
  ExecutionTimeoutError,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import { account, executionEnded, region } from '../events.ts';
import {
  type End,
  type ExecutionEvent,
  type ExecutionRecords,
  openExecutionRecords,
} from './execution-record.ts';
import { type Invoke, taskHandlers } from './tasks.ts';
import { createTokenBook, type TokenBook, type TokenDesk, taskError } from './tokens.ts';

const machineName = 'deploy-target';
export const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${machineName}`;
const arnPrefix = `arn:aws:states:${region}:${account}:execution:${machineName}:`;
export const executionArn = (name: string) => arnPrefix + name;

/** An execution that has ended. Times are epoch milliseconds. */
export interface EndedExecution extends Omit<End, 'line'> {
  readonly name: string;
  readonly events: readonly ExecutionEvent[];
}

export interface ExecutionsOptions {
  readonly definition: StateMachineDefinition;
  readonly folder: string;
  readonly invoke: Invoke;
  /** Delivers the status-change event of an execution that has ended; must not throw. */
  readonly onEnded: (event: object) => Promise<void>;
}

/** Executions of one state machine: those of this process, and the records of all on this state folder. */
export interface Executions {
  readonly records: ExecutionRecords;
  readonly tokens: TokenBook;
  /** Runs to the end; never throws for an execution that fails. The end is on disk and told before this returns. */
  run(name: string, input: object, onEvent: (event: ExecutionEvent) => void): Promise<EndedExecution>;
  /** False when this process runs no such execution. */
  abort(name: string): boolean;
  /** Aborts all that run here and waits until their end is recorded. */
  close(): Promise<void>;
  /** Gives those an end whose process died, and tells of it. */
  buryDead(): Promise<void>;
}

interface Running {
  readonly abort: () => void;
  readonly ended: Promise<EndedExecution>;
}

export function openExecutions(options: ExecutionsOptions): Executions {
  const records = openExecutionRecords(options.folder);
  const tokens = createTokenBook();
  const running = new Map<string, Running>();
  // the tests validate the file; doing it again would only cost each start its time
  const machine = new StateMachine(options.definition, { validationOptions: { noValidate: true } });
  return {
    records,
    tokens,
    async run(name, input, onEvent) {
      const execution = begin({ options, records, tokens, machine }, name, input, onEvent);
      running.set(name, execution);
      try {
        return await execution.ended;
      } finally {
        running.delete(name);
      }
    },
    abort(name) {
      running.get(name)?.abort();
      return running.has(name);
    },
    async close() {
      for (const { abort } of running.values()) abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
    async buryDead() {
      for (const name of records.unfinished()) await bury(name, records, options.onEnded);
    },
  };
}

interface House {
  readonly options: ExecutionsOptions;
  readonly records: ExecutionRecords;
  readonly tokens: TokenBook;
  readonly machine: StateMachine;
}

function begin(house: House, name: string, input: object, onEvent: (event: ExecutionEvent) => void): Running {
  const { options, records, tokens } = house;
  const arn = executionArn(name);
  const startedAt = Date.now();
  records.begin({ name, arn, startedAt, input });
  const desk = tokens.openDesk();
  const aborting = new AbortController();
  const run = start(house, { name, arn, input, desk, aborted: aborting.signal });
  const events: ExecutionEvent[] = [];
  const keep = (event: ExecutionEvent) => {
    events.push(event);
    records.append(name, event);
    onEvent(event);
  };
  const finish = async (): Promise<EndedExecution> => {
    const end = await endOf(run, keep);
    records.finish(name, end);
    await options.onEnded(executionEnded({ arn, name, startedAt, input, ...end }));
    return { name, events, ...end };
  };
  return {
    abort() {
      aborting.abort();
      run.abort();
      desk.breakOff(taskError('States.Aborted', 'the execution was aborted'));
    },
    ended: finish(),
  };
}

interface Starting {
  readonly name: string;
  readonly arn: string;
  readonly input: object;
  readonly desk: TokenDesk;
  readonly aborted: AbortSignal;
}

function start({ options, machine }: House, { name, arn, input, desk, aborted }: Starting): Run {
  return machine.run(structuredClone(input) as Parameters<StateMachine['run']>[0], {
    context: {
      Execution: { Id: arn, Name: name },
      StateMachine: { Id: stateMachineArn, Name: machineName },
      // kept by reference, so each reading of the token gets a fresh one
      Task: desk,
    },
    overrides: {
      taskResourceLocalHandlers: taskHandlers(options.definition, { invoke: options.invoke, desk, aborted }),
    },
  });
}

type Run = ReturnType<StateMachine['run']>;

async function endOf(
  { result, eventLogs }: Run,
  keep: (event: ExecutionEvent) => void,
): Promise<Omit<End, 'line'>> {
  const [settled] = await Promise.allSettled([result, follow(eventLogs, keep)]);
  const stoppedAt = Date.now();
  const none = { stoppedAt, output: null, error: null, cause: null };
  if (settled.status === 'fulfilled') return { ...none, status: 'SUCCEEDED', output: settled.value };
  const reason: unknown = settled.reason;
  if (reason instanceof ExecutionAbortedError) return { ...none, status: 'ABORTED' };
  if (reason instanceof ExecutionTimeoutError)
    return { ...none, status: 'TIMED_OUT', error: 'States.Timeout' };
  const failure = reason instanceof Error && reason.cause instanceof Error ? reason.cause : reason;
  const [error, cause] =
    failure instanceof Error ? [failure.name, failure.message] : ['States.Runtime', String(failure)];
  return { ...none, status: 'FAILED', error, cause };
}

async function follow(eventLogs: Run['eventLogs'], keep: (event: ExecutionEvent) => void): Promise<void> {
  for await (const event of eventLogs) keep(event as ExecutionEvent);
}

async function bury(name: string, records: ExecutionRecords, onEnded: (event: object) => Promise<void>) {
  const record = records.read(name);
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
  await onEnded(executionEnded({ arn, name, startedAt, input, ...end }));
}
