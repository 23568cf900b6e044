// What this stand-in of Lambda cannot show: permissions, throttling, a second delivery of an event, its maximum age, and the
// timeout of a function. Invoke is implemented from the API reference of Lambda: only asynchronous invocations, answered with
// status 202 before the function runs.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authorize, type Endpoint, readBody, serve } from '../http/server.ts';
import { ServiceError } from '../http/service-error.ts';

export interface LambdaOptions {
  /** The functions that may be invoked. */
  readonly functions: readonly string[];
  /** Runs a function; called after the answer. */
  readonly start: (functionName: string, payload: unknown) => void;
  readonly accessKeyId?: string | undefined;
  readonly socket?: string | undefined;
  readonly onFault: (error: unknown) => void;
}

/** Of an asynchronous invocation. */
const maximumBodyBytes = 1024 * 1024;

const invocations = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Serves Invoke with the invocation type `Event`. */
export function startLambda(options: LambdaOptions): Promise<Endpoint> {
  return serve((request, response) => void answer(request, response, options), options.socket);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: LambdaOptions,
): Promise<void> {
  try {
    authorize(request, options.accessKeyId);
    const { functionName, payload } = await invocationIn(request, options.functions);
    response.writeHead(202).end();
    options.start(functionName, payload);
  } catch (error) {
    const known = error instanceof ServiceError;
    if (!known) options.onFault(error);
    const [status, name] = known ? [statuses[error.name] ?? 400, error.name] : [500, 'ServiceException'];
    const message = known ? error.message : 'the embedded endpoint failed; see its log';
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': name });
    response.end(JSON.stringify({ Type: known ? 'User' : 'Service', Message: message }));
  }
}

const statuses: Readonly<Record<string, number>> = {
  ResourceNotFoundException: 404,
  UnrecognizedClientException: 403,
};

async function invocationIn(request: IncomingMessage, functions: readonly string[]) {
  const [, functionName = ''] = invocations.exec(decodeURIComponent(request.url ?? '')) ?? [];
  if (request.method !== 'POST' || functionName === '')
    throw new ServiceError('UnknownOperationException', `local mode does not serve ${request.method} there`);
  if (!functions.includes(functionName))
    throw new ServiceError('ResourceNotFoundException', `Function not found: ${functionName}`);
  const type = request.headers['x-amz-invocation-type'];
  if (type !== 'Event')
    throw new ServiceError('InvalidParameterValueException', `local mode does not serve the type ${type}`);
  return { functionName, payload: parsed((await readBody(request, maximumBodyBytes)).toString('utf8')) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ServiceError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}
