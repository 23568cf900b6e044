import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { ExecutionEvent, StateOfEvent } from '../../core/deployment/execution-event.ts';

/** Takes the events of one execution in their order, and gives those that drawings read. */
export type Translator = (event: HistoryEvent) => ExecutionEvent[];

interface Failure {
  readonly error: string;
  readonly cause: string;
}

/**
 * Translates a history of Step Functions. Its machines have one path at a time, so what is not said of a state is about
 * the one that was entered last. History tells a retry by scheduling again, and a catch by an exit after a failure: where
 * the catch led is known once the next state is entered, so the exit is held back until then.
 */
export function createTranslator(): Translator {
  const now: Now = { state: null, failed: false, held: [] };
  return (event) => {
    const translated = translate(event, now);
    const entered = translated.find(({ type }) => type === 'StateEntered')?.state?.name;
    const isEnd = endTypes.has(event.type ?? '');
    if (entered === undefined && !isEnd) return translated;
    const held = now.held.map((one) => (one.type === 'StateCaught' ? withNext(one, entered) : one));
    now.held = [];
    return [...held, ...translated];
  };
}

interface Now {
  state: StateOfEvent | null;
  /** The state's last attempt has failed, and nothing has followed it yet. */
  failed: boolean;
  held: ExecutionEvent[];
}

/** Ends of an execution in history, and what local mode calls them. */
const ends: Readonly<Record<string, string>> = {
  ExecutionSucceeded: 'ExecutionSucceeded',
  ExecutionFailed: 'ExecutionFailed',
  ExecutionAborted: 'ExecutionAborted',
  ExecutionTimedOut: 'ExecutionTimeout',
};
const endTypes = new Set(Object.keys(ends));

/** Whether the event is the last one, unless the execution is redriven. */
export function isEnd({ type }: HistoryEvent): boolean {
  return endTypes.has(type ?? '');
}

function translate(event: HistoryEvent, now: Now): ExecutionEvent[] {
  const timestamp = event.timestamp?.getTime() ?? 0;
  const type = event.type ?? '';
  const end = ends[type];
  if (end !== undefined) return ending(event, end, now);
  if (type === 'ExecutionStarted') return [{ type, timestamp }];
  if (type === 'MapRunStarted') return [{ type, timestamp, mapRunArn: mapRunOf(event) }];
  if (type === 'MapRunRedriven') return [{ type, timestamp, mapRunArn: mapRunOf(event) }];
  if (type.endsWith('StateEntered')) return [entering(event, now)];
  if (type.endsWith('StateExited')) return exiting(event, now);
  const failure = failureOf(event);
  if (failure !== null) return [failing(failure, timestamp, now)];
  if (attemptTypes.has(type) && now.failed && now.state !== null) {
    now.failed = false;
    return [{ type: 'StateRetried', timestamp, state: now.state }];
  }
  return [];
}

const attemptTypes = new Set(['TaskScheduled', 'LambdaFunctionScheduled']);

const mapRunOf = (event: HistoryEvent) =>
  event.mapRunStartedEventDetails?.mapRunArn ?? event.mapRunRedrivenEventDetails?.mapRunArn;

function entering(event: HistoryEvent, now: Now): ExecutionEvent {
  const { name = '', input } = event.stateEnteredEventDetails ?? {};
  const type = (event.type ?? '').replace(/StateEntered$/, '');
  now.state = { name, type };
  now.failed = false;
  return {
    type: 'StateEntered',
    timestamp: event.timestamp?.getTime() ?? 0,
    state: { name, type, input: parsed(input) },
  };
}

function exiting(event: HistoryEvent, now: Now): ExecutionEvent[] {
  const { name = '', output } = event.stateExitedEventDetails ?? {};
  const type = (event.type ?? '').replace(/StateExited$/, '');
  const timestamp = event.timestamp?.getTime() ?? 0;
  const exited = { type: 'StateExited', timestamp, state: { name, type, output: parsed(output) } };
  if (!now.failed) return [exited];
  now.failed = false;
  now.held = [{ type: 'StateCaught', timestamp, state: { name, type } }, exited];
  return [];
}

function withNext(caught: ExecutionEvent, next: string | undefined): ExecutionEvent {
  return { ...caught, catch: { catcher: next === undefined ? {} : { Next: next } } };
}

function failing({ error, cause }: Failure, timestamp: number, now: Now): ExecutionEvent {
  now.failed = true;
  return {
    type: 'StateFailed',
    timestamp,
    state: now.state ?? { name: '', type: 'Task' },
    Error: error,
    Cause: cause,
  };
}

/** A Fail state says in the execution's end what it failed with. */
function ending(event: HistoryEvent, type: string, now: Now): ExecutionEvent[] {
  const timestamp = event.timestamp?.getTime() ?? 0;
  const end = { type, timestamp };
  const { error = '', cause = '' } = event.executionFailedEventDetails ?? {};
  if (now.state?.type !== 'Fail' || type !== 'ExecutionFailed') return [end];
  return [failing({ error, cause }, timestamp, now), end];
}

/** History has one kind of details for each way to fail; all of them have `error` and `cause`. */
function failureOf(event: HistoryEvent): Failure | null {
  const type = event.type ?? '';
  if (!/(Failed|TimedOut)$/.test(type) || type === 'MapStateFailed') return null;
  const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1] as
    | Partial<Failure>
    | undefined;
  const assumed = type.endsWith('TimedOut') ? 'States.Timeout' : type;
  return { error: details?.error ?? assumed, cause: details?.cause ?? '' };
}

/** Undefined where history has cut it off. */
function parsed(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
