import type { Agent } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { socketAgent } from './sockets.ts';

/** What the SDK hands to the handler of its HTTP requests. */
export interface HttpRequest {
  hostname: string;
  path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Respond = (request: HttpRequest, options?: object) => Promise<unknown>;

/** What answers the requests of this thread, by host name. */
const routes = new Map<string, Respond>();
let original: Respond | null = null;

/**
 * Answers the requests of every SDK client in this thread whose endpoint is `http://<host>`. Built functions create their
 * clients themselves, so the SDK's own handler of requests is extended, once a thread. Names in `.invalid` never resolve
 * (RFC 2606): a request that is not intercepted fails, and cannot reach another server.
 */
export function interceptRequests(host: string, respond: Respond): void {
  routes.set(host, respond);
  if (original !== null) return;
  const { prototype } = handlerOfClients();
  const { handle } = prototype;
  original = handle;
  prototype.handle = function intercepted(request, options) {
    const respondTo = routes.get(request.hostname) ?? throughBucketName(request);
    return respondTo === null ? handle.call(this, request, options) : respondTo(request, options);
  };
}

/** Sends the requests for a host to a Unix socket. */
export function interceptForSocket(host: string, socketPath: string): void {
  const Handler = handlerOfClients();
  const { handle } = Handler.prototype;
  const handler = new Handler({ httpAgent: socketAgent(socketPath) });
  interceptRequests(host, (request, options) => (original ?? handle).call(handler, request, options));
}

/** S3 clients put the name of the bucket before that of the host, unless the host is an address. */
function throughBucketName(request: HttpRequest): Respond | null {
  const [bucket = '', ...rest] = request.hostname.split('.');
  const host = rest.join('.');
  const respond = routes.get(host) ?? null;
  if (respond === null) return null;
  return (given, options) => {
    given.path = `/${bucket}${given.path}`;
    given.hostname = host;
    return respond(given, options);
  };
}

interface HandlerClass {
  new (options: { readonly httpAgent: Agent }): object;
  readonly prototype: { handle: Respond };
}

/** The class of the clients themselves: a package manager can install a second copy, and the built command line has its own. */
function handlerOfClients(): HandlerClass {
  const { requestHandler } = new DynamoDBClient({ region: 'local' }).config;
  return requestHandler.constructor as unknown as HandlerClass;
}
