/**
 * One event of an execution, in one form for local mode and Step Functions.
 * `timestamp` is epoch milliseconds.
 *
 * `type`: `ExecutionStarted`, `StateEntered`, `StateExited`, `StateFailed`, `StateRetried`, `StateCaught`,
 * `MapRunStarted`, `MapRunRedriven`, `ExecutionSucceeded`, `ExecutionFailed`, `ExecutionAborted`, `ExecutionTimeout`.
 */
export interface ExecutionEvent {
  readonly type: string;
  readonly timestamp: number;
  readonly state?: StateOfEvent | undefined;
  readonly Error?: string | undefined;
  readonly Cause?: unknown;
  readonly catch?: { readonly catcher: { readonly Next?: string } } | undefined;
  /** Of `MapRunStarted` and `MapRunRedriven`. */
  readonly mapRunArn?: string | undefined;
}

/** The state that an event is about. */
export interface StateOfEvent {
  readonly name: string;
  readonly type: string;
  readonly input?: unknown;
  readonly output?: unknown;
}
