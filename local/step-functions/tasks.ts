import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod/mini';
import { isLambdaFailure } from '../functions/lambdas.ts';
import { distributedMapResource, longestTimerSeconds } from './local-form.ts';
import { type ExecutionTokens, taskError } from './tokens.ts';

/** Calls a function by its name (the last part of its ARN) and gives its result as JSON would contain it. */
export type Invoke = (functionName: string, payload: unknown) => Promise<unknown>;

export interface TaskRun {
  readonly invoke: Invoke;
  readonly taskTokens: ExecutionTokens;
  /** Runs a Distributed Map; absent where the machine has none. */
  readonly map?: ((state: string, input: unknown, aborted: AbortSignal) => Promise<unknown>) | undefined;
  /** An aborted execution starts nothing more, whatever the interpreter still does in the background. */
  readonly aborted: AbortSignal;
}

type Handlers = Record<string, (input: Json) => Promise<Json>>;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const waitForToken = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
const requestResponse = 'arn:aws:states:::lambda:invoke';

/** What each Task state of the machine does here. Throws for a resource that local mode does not know. */
export function taskHandlers({ States }: StateMachineDefinition, run: TaskRun): Handlers {
  const handlers: Handlers = {};
  for (const [name, state] of Object.entries(States)) {
    if (state.Type === 'Task') handlers[name] = handlerFor(name, state, run);
  }
  return handlers;
}

function handlerFor(name: string, state: { Resource: string; TimeoutSeconds?: number }, run: TaskRun) {
  const { map } = run;
  if (state.Resource === distributedMapResource && map !== undefined) {
    return async (input: Json) => (await map(name, input, run.aborted)) as Json;
  }
  if (state.Resource === requestResponse) return (input: Json) => callLambda(input, run);
  if (state.Resource === waitForToken && state.TimeoutSeconds !== undefined) {
    const seconds = state.TimeoutSeconds;
    return (input: Json) => callAndWait(input, seconds, run);
  }
  throw new Error(`state ${name}: local mode does not run ${state.Resource}`);
}

const Input = z.object({
  FunctionName: z.string(),
  Payload: z.unknown(),
  /** What `TimeoutSecondsPath` led to. */
  TimeoutSeconds: z.optional(z.number()),
});
type Input = z.infer<typeof Input>;

async function callLambda(input: Json, run: TaskRun): Promise<Json> {
  const payload = await invoke(Input.parse(input), run);
  return { ExecutedVersion: '$LATEST', Payload: payload as Json, StatusCode: 200 };
}

/** The state's result is what comes with the token; the function's own result is dropped, as AWS does. */
async function callAndWait(input: Json, timeoutSeconds: number, run: TaskRun): Promise<Json> {
  const call = Input.parse(input);
  const answer = run.taskTokens.expect();
  // it may be broken off while the function still runs
  answer.catch(() => undefined);
  const timeout = Promise.withResolvers<never>();
  // where the interpreter ends the state at the same moment it would leave the token alive
  const timer = setTimeout(
    () => {
      run.taskTokens.expire();
      if (call.TimeoutSeconds !== undefined) timeout.reject(taskError('States.Timeout', 'States.Timeout'));
    },
    Math.min(call.TimeoutSeconds ?? timeoutSeconds, longestTimerSeconds) * 1000,
  );
  try {
    return await Promise.race([timeout.promise, invoke(call, run).then(() => answer as Promise<Json>)]);
  } finally {
    clearTimeout(timer);
    run.taskTokens.expire();
  }
}

async function invoke({ FunctionName, Payload }: Input, run: TaskRun): Promise<unknown> {
  if (run.aborted.aborted) throw taskError('States.Aborted', 'the execution was aborted');
  try {
    return await run.invoke(FunctionName.split(':').at(-1) ?? FunctionName, Payload);
  } catch (error) {
    throw isLambdaFailure(error) ? taskError(error.errorType, error.cause) : error;
  }
}
