import type { ExecutionEvent, StateOfEvent } from '../../core/deployment/execution-event.ts';

/**
 * What happened in an execution, as a list of visits to states. The events are those that local mode keeps: a state
 * is entered; it may fail, and then is retried (`StateRetried`) or caught (`StateCaught`); it is exited, or it ends
 * the execution by failing.
 */

export interface Failure {
  readonly error: string;
  readonly cause: string;
}

/** One stay in a state. Times are epoch milliseconds; `endedAt` is null while the execution is still there. */
export interface Visit {
  readonly state: string;
  readonly type: string;
  readonly enteredAt: number;
  endedAt: number | null;
  /** Attempts that failed and were followed by another one. */
  retries: Failure[];
  /** The failure that ended the visit, if one did. */
  failure: Failure | null;
  /** Where a Catch led. */
  caughtBy: string | null;
  readonly input: unknown;
  output: unknown;
  /** The state visited next. */
  next: string | null;
}

/** The visits in the order of time. Pure: the same events give the same visits, however few have come in yet. */
export function visitsOf(events: readonly ExecutionEvent[]): Visit[] {
  const visits: Visit[] = [];
  for (const event of events) {
    if (event.state === undefined) closeLast(visits, event);
    else if (event.type === 'StateEntered') enter(visits, event, event.state);
    else continueVisit(visits.at(-1), event, event.state);
  }
  return visits;
}

function enter(visits: Visit[], event: ExecutionEvent, state: StateOfEvent): void {
  const previous = visits.at(-1);
  if (previous !== undefined) previous.next = state.name;
  visits.push({
    state: state.name,
    type: state.type,
    enteredAt: event.timestamp,
    endedAt: null,
    retries: [],
    failure: null,
    caughtBy: null,
    input: state.input,
    output: undefined,
    next: null,
  });
}

/** An execution that ends inside a state (aborted, timed out, failed with no Catch) ends the visit as well. */
function closeLast(visits: readonly Visit[], event: ExecutionEvent): void {
  const last = visits.at(-1);
  if (last !== undefined && event.type !== 'ExecutionStarted') last.endedAt ??= event.timestamp;
}

function continueVisit(visit: Visit | undefined, event: ExecutionEvent, state: StateOfEvent): void {
  if (visit === undefined || visit.state !== state.name) return;
  switch (event.type) {
    case 'StateFailed':
      visit.failure = { error: event.Error ?? 'Error', cause: causeText(event.Cause) };
      // a Fail state is where an execution ends; any other may yet be retried or caught
      if (visit.type === 'Fail') visit.endedAt = event.timestamp;
      break;
    case 'StateRetried':
      if (visit.failure !== null) visit.retries.push(visit.failure);
      visit.failure = null;
      break;
    case 'StateCaught':
      visit.caughtBy = event.catch?.catcher.Next ?? null;
      break;
    case 'StateExited':
      visit.endedAt = event.timestamp;
      visit.output = state.output;
      break;
  }
}

/** Why an execution ended that recorded no outcome, in words: a rollout that was halted says so by the error it ends with. */
export function unrecordedEnd(status: string, visits: readonly Visit[]): string {
  const failure = visits.at(-1)?.failure ?? null;
  if (failure === null) return `${status}: its outcome was not recorded by a state`;
  const { error, cause } = failure;
  return `${isHalted(visits) ? 'halted' : `${status}: ${error}`}${cause === '' ? '' : `: ${cause}`}`;
}

/** Whether it is a rollout that waits, halted, for a person to let it go on. */
export function isHalted(visits: readonly Visit[]): boolean {
  return visits.at(-1)?.failure?.error === 'RolloutHalted';
}

/** A Lambda's error is JSON with its message and the stack trace of our own code, which tells a person nothing. */
function causeText(cause: unknown): string {
  if (cause === undefined || cause === null) return '';
  const text = typeof cause === 'string' ? cause : JSON.stringify(cause);
  try {
    const { errorMessage } = JSON.parse(text) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : text;
  } catch {
    return text;
  }
}
