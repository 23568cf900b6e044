import { randomUUID } from 'node:crypto';
import { ServiceError } from '../http/service-error.ts';

/** What a state that waits for its token gets: a result, or an error with the name and cause of SendTaskFailure. */
export interface TokenBook {
  /** Throws TaskTimedOut for a token that is no longer awaited, TaskDoesNotExist for one that was never issued. */
  succeed(token: string, output: unknown): void;
  fail(token: string, error: string, cause: string): void;
  /** Was it given out here, ever? */
  knows(token: string): boolean;
  /**
   * The tokens of one execution, which waits in one state at a time. They begin with the execution they are of, so that
   * another process's endpoint can find the one that gave them out.
   */
  openDesk(execution: TokenOwner): TokenDesk;
}

/** Whose token it is. */
export interface TokenOwner {
  readonly machine: string;
  readonly name: string;
}

/** Null for a text that is no token of ours. */
export function ownerOf(token: string): TokenOwner | null {
  const [machine, name, id, ...others] = token.split(':');
  return machine && name && id && others.length === 0 ? { machine, name } : null;
}

export interface TokenDesk {
  /** A fresh token each time it is read: the state machine reads it once an attempt. */
  readonly Token: string;
  /** Waits for the tokens given out since the last call; those before are dead from now on. */
  expect(): Promise<unknown>;
  /** Invalidates the token: the state has timed out or failed. */
  expire(): void;
  /** Ends the wait, if there is one, with this error. */
  breakOff(error: Error): void;
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

export function createTokenBook(): TokenBook {
  const waits = new Map<string, Wait>();
  const given = new Set<string>();
  /** The first answer counts; the token is dead after it. */
  const take = (token: string): PromiseWithResolvers<unknown> => {
    const wait = waits.get(token);
    if (wait !== undefined) {
      forget(waits, wait);
      return wait.ended;
    }
    if (given.has(token)) {
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
    knows: (token) => given.has(token),
    openDesk: (execution) => openDesk(execution, waits, given),
  };
}

function forget(waits: Map<string, Wait>, { tokens }: Wait): void {
  for (const token of tokens) waits.delete(token);
}

function openDesk(of: TokenOwner, waits: Map<string, Wait>, given: Set<string>): TokenDesk {
  let issued: string[] = [];
  let wait: Wait | null = null;
  const expire = () => {
    if (wait !== null) forget(waits, wait);
  };
  return {
    get Token() {
      const token = `${of.machine}:${of.name}:${randomUUID()}`;
      given.add(token);
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
    breakOff(error) {
      expire();
      wait?.ended.reject(error);
    },
  };
}
