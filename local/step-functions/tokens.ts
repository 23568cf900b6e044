import { randomUUID } from 'node:crypto';
import { ServiceError } from '../http/service-error.ts';

/** The task tokens of this process. A state that waits gets a result, or an error with the name and cause of SendTaskFailure. */
export interface TaskTokens {
  /** Throws TaskTimedOut for a token that is no longer awaited, TaskDoesNotExist for one that was never issued. */
  succeed(token: string, output: unknown): void;
  fail(token: string, error: string, cause: string): void;
  /** True for every token that this process has issued. */
  hasIssued(token: string): boolean;
  /**
   * The tokens of one execution, which waits in one state at a time. They begin with the execution they are of, so that
   * another process's endpoint can find the process that issued them.
   */
  forExecution(execution: TokenOwner): ExecutionTokens;
}

/** The execution that a token belongs to. */
export interface TokenOwner {
  readonly machine: string;
  readonly name: string;
}

/** Null for a text that is no token of ours. */
export function ownerOf(token: string): TokenOwner | null {
  const [machine, name, id, ...others] = token.split(':');
  return machine && name && id && others.length === 0 ? { machine, name } : null;
}

export interface ExecutionTokens {
  /** A fresh token each time it is read: the state machine reads it once an attempt. */
  readonly Token: string;
  /** Waits for the tokens issued since the last call; earlier ones are invalid from now on. */
  expect(): Promise<unknown>;
  /** Invalidates the token: the state has timed out or failed. */
  expire(): void;
  /** Ends the wait, if there is one, with this error. */
  cancel(error: Error): void;
}

/** An error as a state machine matches it: by name, with its cause as the message. */
export function taskError(name: string, cause: string): Error {
  const error = new Error(cause);
  error.name = name;
  return error;
}

/** One attempt of one state. */
interface Wait {
  readonly tokens: readonly string[];
  readonly ended: PromiseWithResolvers<unknown>;
}

export function createTaskTokens(): TaskTokens {
  const waits = new Map<string, Wait>();
  const everIssued = new Set<string>();
  /** The first answer counts; the token is dead after it. */
  const take = (token: string): PromiseWithResolvers<unknown> => {
    const wait = waits.get(token);
    if (wait !== undefined) {
      forget(waits, wait);
      return wait.ended;
    }
    if (everIssued.has(token)) {
      throw new ServiceError('TaskTimedOut', 'Task Timed Out: no state waits for this token any more');
    }
    throw new ServiceError(
      'TaskDoesNotExist',
      'Task does not exist: this process did not give the token out',
    );
  };
  return {
    succeed: (token, output) => take(token).resolve(output),
    fail: (token, error, cause) => take(token).reject(taskError(error, cause)),
    hasIssued: (token) => everIssued.has(token),
    forExecution: (execution) => openExecutionTokens(execution, waits, everIssued),
  };
}

function forget(waits: Map<string, Wait>, { tokens }: Wait): void {
  for (const token of tokens) waits.delete(token);
}

function openExecutionTokens(
  of: TokenOwner,
  waits: Map<string, Wait>,
  everIssued: Set<string>,
): ExecutionTokens {
  let issued: string[] = [];
  let wait: Wait | null = null;
  const expire = () => {
    if (wait !== null) forget(waits, wait);
  };
  return {
    get Token() {
      const token = `${of.machine}:${of.name}:${randomUUID()}`;
      everIssued.add(token);
      issued.push(token);
      return token;
    },
    expect() {
      expire();
      wait = { tokens: issued, ended: Promise.withResolvers() };
      issued = [];
      for (const token of wait.tokens) waits.set(token, wait);
      return wait.ended.promise;
    },
    expire,
    cancel(error) {
      expire();
      wait?.ended.reject(error);
    },
  };
}
