import type { IncomingMessage, ServerResponse } from 'node:http';
import { authorize, type Endpoint, readBody, serve } from './server.ts';
import { ServiceError } from './service-error.ts';

/** One call of a service. What it throws that is not a {@link ServiceError} is answered as a fault of the server. */
export type Operation = (input: Record<string, unknown>) => Promise<unknown>;

export interface JsonEndpointOptions {
  /** Version of AWS's JSON protocol that the service speaks. */
  readonly version: '1.0' | '1.1';
  /** What stands before the dot in `X-Amz-Target`. */
  readonly target: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** The only access key id that is served; without one, everybody is (tests). */
  readonly accessKeyId?: string | undefined;
  /** The path of the Unix socket; without one, any free port of loopback (tests). */
  readonly socket?: string | undefined;
  /** Called with every error that is not a {@link ServiceError}. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

export type JsonEndpoint = Endpoint;

/** As DynamoDB itself: no service of ours takes more. */
const maximumBodyBytes = 16 * 1024 * 1024;

/** Serves calls in AWS's JSON protocol, to those who know the access key id. */
export function startJsonEndpoint(options: JsonEndpointOptions): Promise<JsonEndpoint> {
  return serve((request, response) => void answer(request, response, options), options.socket);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: JsonEndpointOptions,
): Promise<void> {
  const contentType = `application/x-amz-json-${options.version}`;
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': contentType });
    response.end(JSON.stringify(body));
  };
  try {
    send(200, (await call(request, options)) ?? {});
  } catch (error) {
    if (!(error instanceof ServiceError)) options.onFault?.(error);
    send(...failure(error));
  }
}

function failure(error: unknown): [status: number, body: unknown] {
  if (error instanceof ServiceError) {
    return [400, { ...error.fields, __type: error.name, message: error.message }];
  }
  return [500, { __type: 'InternalServerError', message: 'the embedded endpoint failed; see its log' }];
}

async function call(request: IncomingMessage, options: JsonEndpointOptions): Promise<unknown> {
  authorize(request, options.accessKeyId);
  const [target, name] = String(request.headers['x-amz-target'] ?? '').split('.');
  const operation = name !== undefined && Object.hasOwn(options.operations, name) && options.operations[name];
  if (target !== options.target || !operation) {
    throw new ServiceError('UnknownOperationException', `local mode does not serve ${target}.${name}`);
  }
  return operation(parse((await readBody(request, maximumBodyBytes)).toString('utf8')));
}

function parse(body: string): Record<string, unknown> {
  try {
    return body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  } catch {
    throw new ServiceError('SerializationException', 'The body is not JSON.');
  }
}
