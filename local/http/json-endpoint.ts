import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  readonly port?: number | undefined;
  /** Told of every error that is not a {@link ServiceError}. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

export interface JsonEndpoint {
  /** `http://127.0.0.1:PORT`, for an `AWS_ENDPOINT_URL_…` variable. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** As DynamoDB itself: no service of ours takes more. */
const maximumBodyBytes = 16 * 1024 * 1024;

/**
 * Serves calls in AWS's JSON protocol on loopback. Loopback is open to every user of the machine, so each call must be
 * signed with an access key id that only this state folder's owner can read; the signature itself is not checked.
 */
export async function startJsonEndpoint(options: JsonEndpointOptions): Promise<JsonEndpoint> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(request, response, options);
  });
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
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
  return operation(parse(await readBody(request)));
}

function authorize(request: IncomingMessage, accessKeyId: string | undefined): void {
  if (accessKeyId === undefined) return;
  const [, given = ''] = /Credential=([^/\s,]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(accessKeyId))) {
    throw new ServiceError(
      'UnrecognizedClientException',
      'The access key id is not that of this state folder.',
    );
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    return body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  } catch {
    throw new ServiceError('SerializationException', 'The body is not JSON.');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBodyBytes) throw new ServiceError('SerializationException', 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
