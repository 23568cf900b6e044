import { createRequire } from 'node:module';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { ServiceError } from '../http/service-error.ts';
import type { Engine } from './engine.ts';

/** What the SDK hands to the handler of its HTTP requests. */
interface HttpRequest {
  readonly hostname: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Answers the HTTP requests of a DynamoDBClient in this thread: an option of the client. */
export function requestHandler(engine: Engine): NonNullable<DynamoDBClientConfig['requestHandler']> {
  return { handle: async (request: HttpRequest) => respond(engine, request) };
}

/**
 * The host name of the engine in the thread of the functions. Names in `.invalid` never resolve (RFC 2606): a request that
 * is not intercepted fails, and cannot reach another server.
 */
export const engineHost = 'dynamodb.certferry.invalid';

type Handle = (request: HttpRequest, options: object) => Promise<unknown>;

/** Engines of this thread by host name. */
const engines = new Map<string, Engine>();
let isExtended = false;

/**
 * Answers the requests of every DynamoDBClient in this thread whose endpoint is `http://<host>`. Built functions create their
 * clients themselves, so the SDK's own handler of requests is extended, once a thread.
 */
export function interceptRequests(host: string, engine: Engine): void {
  engines.set(host, engine);
  if (isExtended) return;
  isExtended = true;
  const client = createRequire(import.meta.url).resolve('@aws-sdk/client-dynamodb');
  // the copy that the client uses, wherever the package manager has put it
  const { NodeHttpHandler } = createRequire(client)('@smithy/node-http-handler') as {
    NodeHttpHandler: { prototype: { handle: Handle } };
  };
  const { handle } = NodeHttpHandler.prototype;
  NodeHttpHandler.prototype.handle = function intercepted(request, options) {
    const known = engines.get(request.hostname);
    return known === undefined ? handle.call(this, request, options) : respond(known, request);
  };
}

async function respond(engine: Engine, { headers, body }: HttpRequest) {
  const target = headers['x-amz-target'] ?? headers['X-Amz-Target'] ?? '';
  try {
    return response(200, engine.execute(target.split('.')[1] ?? '', JSON.parse(textOf(body))));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return response(400, { ...error.fields, __type: error.name, message: error.message });
  }
}

function response(statusCode: number, content: object) {
  const body = Buffer.from(JSON.stringify(content));
  return { response: { statusCode, headers: { 'content-type': 'application/x-amz-json-1.0' }, body } };
}

const textOf = (body: unknown) =>
  typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array);
