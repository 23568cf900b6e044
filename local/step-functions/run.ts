// One run of the interpreter: an execution from its begin or from a redrive to its end.
import {
  ExecutionAbortedError,
  ExecutionTimeoutError,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import type { End, ExecutionEvent } from './execution-record.ts';
import { reentering, reentryState } from './local-form.ts';
import { type TaskRun, taskHandlers } from './tasks.ts';
import { taskError } from './tokens.ts';

/** Where a redriven execution continues. `startedAt` is epoch milliseconds. */
export interface Reentry {
  readonly state: string;
  readonly input: unknown;
  readonly startedAt: number;
  readonly count: number;
}

export interface RunOptions extends Omit<TaskRun, 'aborted'> {
  readonly name: string;
  readonly arn: string;
  readonly stateMachine: { readonly arn: string; readonly name: string };
  readonly definition: StateMachineDefinition;
  readonly input: object;
  readonly reentry: Reentry | null;
  readonly onEvent: (event: ExecutionEvent) => void;
}

/** An execution under way in this process. */
export interface RunningExecution {
  readonly name: string;
  readonly arn: string;
  readonly startedAt: number;
  abort(): void;
  readonly ended: Promise<Omit<End, 'line'>>;
}

interface MachineRun {
  abort(): void;
  readonly ended: Promise<Omit<End, 'line'>>;
}

export function runMachine(options: RunOptions): MachineRun {
  const { definition, input, taskTokens, reentry, onEvent } = options;
  const aborting = new AbortController();
  // the tests validate the file; doing it again would only cost each start its time
  const machine = new StateMachine(reentry === null ? definition : reentering(definition, reentry), {
    validationOptions: { noValidate: true },
  });
  const run = machine.run(structuredClone(input) as Parameters<StateMachine['run']>[0], {
    context: contextOf(options),
    overrides: {
      taskResourceLocalHandlers: taskHandlers(definition, { ...options, aborted: aborting.signal }),
    },
  });
  return {
    abort() {
      aborting.abort();
      run.abort();
      taskTokens.cancel(taskError('States.Aborted', 'the execution was aborted'));
    },
    ended: endOf(run, (event) => {
      if (event.state?.name === reentryState) return;
      if (reentry !== null && event.type === 'ExecutionStarted') return;
      onEvent(event);
    }),
  };
}

function contextOf({ name, arn, stateMachine, taskTokens, reentry }: RunOptions) {
  return {
    Execution: { Id: arn, Name: name, RedriveCount: reentry?.count ?? 0 },
    StateMachine: { Id: stateMachine.arn, Name: stateMachine.name },
    // kept by reference, so each reading of the token gets a fresh one
    Task: taskTokens,
    // the interpreter has none: every attempt enters its state again
    State: {
      get EnteredTime() {
        return new Date().toISOString();
      },
      RetryCount: 0,
    },
    ...(reentry !== null && { Redriven: { StartTime: new Date(reentry.startedAt).toISOString() } }),
  };
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
