import type { ExecutionEvent, StateOfEvent } from '../../core/deployment/execution-event.ts';

/**
 * An execution as a list of visits to states, built from the recorded events. A state is entered, and finally exited or
 * left through a failure. A failure is retried (`StateRetried`), caught (`StateCaught`), or ends the execution.
 */

export interface Failure {
  readonly error: string;
  readonly cause: string;
}

/** One visit to a state. Times are epoch milliseconds; `endedAt` is null until the visit ends. */
export interface Visit {
  readonly state: string;
  readonly type: string;
  readonly enteredAt: number;
  endedAt: number | null;
  /** Attempts that failed and were followed by another one. */
  retries: Failure[];
  /** The failure that ended the visit, if one did. */
  failure: Failure | null;
  /** The target of a Catch. */
  caughtBy: string | null;
  readonly input: unknown;
  output: unknown;
  /** The state visited next. */
  next: string | null;
}

/** The visits in the order of time. Incomplete events give the visits so far. */
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

/** An execution that ends inside a state (aborted, timed out, or failed without Catch) also ends the visit. */
function closeLast(visits: readonly Visit[], event: ExecutionEvent): void {
  const last = visits.at(-1);
  if (last !== undefined && event.type !== 'ExecutionStarted') last.endedAt ??= event.timestamp;
}

function continueVisit(visit: Visit | undefined, event: ExecutionEvent, state: StateOfEvent): void {
  if (visit === undefined || visit.state !== state.name) return;
  switch (event.type) {
    case 'StateFailed':
      visit.failure = { error: event.Error ?? 'Error', cause: causeText(event.Cause) };
      // a Fail state ends the execution; any other state may be retried or caught
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

/** The end of an execution without recorded outcome. A halted rollout ends with the error RolloutHalted. */
export function unrecordedEnd(status: string, visits: readonly Visit[]): string {
  const failure = visits.at(-1)?.failure ?? null;
  if (failure === null) return `${status}: no state recorded an outcome`;
  const { error, cause } = failure;
  return `${isHalted(visits) ? 'halted' : `${status}: ${error}`}${cause === '' ? '' : `: ${cause}`}`;
}

/** Whether the execution is a halted rollout, which an operator can resume. */
export function isHalted(visits: readonly Visit[]): boolean {
  return visits.at(-1)?.failure?.error === 'RolloutHalted';
}

/** The error of a Lambda function is JSON with a message and a stack trace; operators need only the message. */
export function causeText(cause: unknown): string {
  if (cause === undefined || cause === null) return '';
  const text = typeof cause === 'string' ? cause : JSON.stringify(cause);
  try {
    const { errorMessage } = JSON.parse(text) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : text;
  } catch {
    return text;
  }
}
