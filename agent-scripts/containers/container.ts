import * as z from 'zod/mini';
import { presentableOutput } from '../host/presentable-output.ts';
import { type EngineResponse, engineRequest } from './engine-request.ts';

/** A container of an engine, and how long requests about it may take. */
export interface Container {
  readonly socket: string;
  readonly name: string;
  readonly deadline: AbortSignal;
}

const Inspection = z.object({
  State: z.object({ Running: z.boolean(), StartedAt: z.string() }),
  Mounts: z._default(z.nullable(z.array(z.object({ Source: z._default(z.string(), '') }))), []),
});

/** What an engine reports about a container. `mounts`: the paths on the host of what is mounted into it. */
export interface ContainerState {
  readonly isRunning: boolean;
  readonly startedAt: string;
  readonly mounts: readonly string[];
}

/**
 * https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerInspect
 * @throws Error with a message for the operator
 */
export async function inspectContainer({ socket, name, deadline }: Container): Promise<ContainerState> {
  const path = `/containers/${name}/json`;
  const response = await engineRequest({ socket, method: 'GET', path, deadline });
  if (response.status === 404) {
    throw new Error(`there is no container ${name}; docker ps -a and podman ps -a list the names`);
  }
  const { State, Mounts } = Inspection.parse(jsonOf(expecting(response, 200)));
  return {
    isRunning: State.Running,
    startedAt: State.StartedAt,
    mounts: (Mounts ?? []).map(({ Source }) => Source).filter((source) => source !== ''),
  };
}

/**
 * Sends a signal to the main process.
 * @throws Error with a message for the operator
 */
export async function signalContainer({ socket, name, deadline }: Container, signal: string): Promise<void> {
  const path = `/containers/${name}/kill?signal=SIG${signal}`;
  expecting(await engineRequest({ socket, method: 'POST', path, deadline }), 204);
}

/**
 * Starts a container that has stopped. 304: it runs already.
 * @throws Error with a message for the operator
 */
export async function startContainer({ socket, name, deadline }: Container): Promise<void> {
  const path = `/containers/${name}/start`;
  expecting(await engineRequest({ socket, method: 'POST', path, deadline }), 204, 304);
}

/** The response, if it has one of these statuses. Else throws the message of the engine. */
export function expecting(response: EngineResponse, ...statuses: number[]): EngineResponse {
  if (statuses.includes(response.status)) return response;
  const message = z.safeParse(z.object({ message: z.string() }), tryJson(response));
  const text = message.success ? message.data.message : response.body.toString();
  throw new Error(`the engine returned HTTP ${response.status}: ${presentableOutput(text, 'start')}`);
}

/** The JSON of a response. The message of JSON.parse would quote its input. */
export function jsonOf(response: EngineResponse): unknown {
  const value = tryJson(response);
  if (value === undefined) throw new Error('the engine returned no JSON');
  return value;
}

function tryJson({ body }: EngineResponse): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
