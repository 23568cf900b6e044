import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { ExecutionEvent, StateOfEvent } from '../../core/deployment/execution-event.ts';

/** Translates the events of one execution, in their order, to the events that the drawings use. */
export type Translator = (event: HistoryEvent) => ExecutionEvent[];

interface Failure {
  readonly error: string;
  readonly cause: string;
}

/**
 * Translates a history of Step Functions. Our state machines have no parallel branches, so an event without a state belongs to
 * the state that was entered last. In a history, a retry is a second schedule event, and a catch is an exit after a failure. The
 * next entered state is the target of the catch, so the exit event is held back until then.
 */
export function createTranslator(): Translator {
  const progress: Progress = { state: null, failed: false, held: [] };
  return (event) => {
    const translated = translate(event, progress);
    const entered = translated.find(({ type }) => type === 'StateEntered')?.state?.name;
    const isEnd = endTypes.has(event.type ?? '');
    if (entered === undefined && !isEnd) return translated;
    const held = progress.held.map((one) => (one.type === 'StateCaught' ? withNext(one, entered) : one));
    progress.held = [];
    return [...held, ...translated];
  };
}

interface Progress {
  state: StateOfEvent | null;
  /** The last attempt of the state has failed; no later event of the state has been seen. */
  failed: boolean;
  held: ExecutionEvent[];
}

/** End events of Step Functions, and their names in local mode. */
const ends: Readonly<Record<string, string>> = {
  ExecutionSucceeded: 'ExecutionSucceeded',
  ExecutionFailed: 'ExecutionFailed',
  ExecutionAborted: 'ExecutionAborted',
  ExecutionTimedOut: 'ExecutionTimeout',
};
const endTypes = new Set(Object.keys(ends));

/** Whether the event ends the execution. A redriven execution has later events. */
export function isEnd(event: HistoryEvent | undefined): boolean {
  return endTypes.has(event?.type ?? '');
}

function translate(event: HistoryEvent, progress: Progress): ExecutionEvent[] {
  const timestamp = event.timestamp?.getTime() ?? 0;
  const type = event.type ?? '';
  const end = ends[type];
  if (end !== undefined) return ending(event, end, progress);
  if (type === 'ExecutionStarted') return [{ type, timestamp }];
  if (type === 'MapRunStarted') return [{ type, timestamp, mapRunArn: mapRunOf(event) }];
  if (type === 'MapRunRedriven') return [{ type, timestamp, mapRunArn: mapRunOf(event) }];
  if (type.endsWith('StateEntered')) return [entering(event, progress)];
  if (type.endsWith('StateExited')) return exiting(event, progress);
  const failure = failureOf(event);
  if (failure !== null) return [failing(failure, timestamp, progress)];
  if (attemptTypes.has(type) && progress.failed && progress.state !== null) {
    progress.failed = false;
    return [{ type: 'StateRetried', timestamp, state: progress.state }];
  }
  return [];
}

const attemptTypes = new Set(['TaskScheduled', 'LambdaFunctionScheduled']);

const mapRunOf = (event: HistoryEvent) =>
  event.mapRunStartedEventDetails?.mapRunArn ?? event.mapRunRedrivenEventDetails?.mapRunArn;

function entering(event: HistoryEvent, progress: Progress): ExecutionEvent {
  const { name = '', input } = event.stateEnteredEventDetails ?? {};
  const type = (event.type ?? '').replace(/StateEntered$/, '');
  progress.state = { name, type };
  progress.failed = false;
  return {
    type: 'StateEntered',
    timestamp: event.timestamp?.getTime() ?? 0,
    state: { name, type, input: parsed(input) },
  };
}

function exiting(event: HistoryEvent, progress: Progress): ExecutionEvent[] {
  const { name = '', output } = event.stateExitedEventDetails ?? {};
  const type = (event.type ?? '').replace(/StateExited$/, '');
  const timestamp = event.timestamp?.getTime() ?? 0;
  const exited = { type: 'StateExited', timestamp, state: { name, type, output: parsed(output) } };
  if (!progress.failed) return [exited];
  progress.failed = false;
  progress.held = [{ type: 'StateCaught', timestamp, state: { name, type } }, exited];
  return [];
}

function withNext(caught: ExecutionEvent, next: string | undefined): ExecutionEvent {
  return { ...caught, catch: { catcher: next === undefined ? {} : { Next: next } } };
}

function failing({ error, cause }: Failure, timestamp: number, progress: Progress): ExecutionEvent {
  progress.failed = true;
  return {
    type: 'StateFailed',
    timestamp,
    state: progress.state ?? { name: '', type: 'Task' },
    Error: error,
    Cause: cause,
  };
}

/** The error of a Fail state is in the end event of the execution. */
function ending(event: HistoryEvent, type: string, progress: Progress): ExecutionEvent[] {
  const timestamp = event.timestamp?.getTime() ?? 0;
  const end = { type, timestamp };
  const { error = '', cause = '' } = event.executionFailedEventDetails ?? {};
  if (progress.state?.type !== 'Fail' || type !== 'ExecutionFailed') return [end];
  return [failing({ error, cause }, timestamp, progress), end];
}

/** Each failure event has its own kind of details; all kinds have `error` and `cause`. */
function failureOf(event: HistoryEvent): Failure | null {
  const type = event.type ?? '';
  if (!/(Failed|TimedOut)$/.test(type) || type === 'MapStateFailed') return null;
  const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1] as
    | Partial<Failure>
    | undefined;
  const assumed = type.endsWith('TimedOut') ? 'States.Timeout' : type;
  return { error: details?.error ?? assumed, cause: details?.cause ?? '' };
}

/** Undefined if the history has truncated it. */
function parsed(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
