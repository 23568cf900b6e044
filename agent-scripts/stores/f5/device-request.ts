import { request as httpRequest, type IncomingMessage } from 'node:http';
import { CertferryError } from '../../../core/errors.ts';
import { readAnswer } from '../../host/read-answer.ts';
import { type ManagementServer, openTrustedConnection } from './trusted-connection.ts';

/** One request to iControl REST. */
export interface DeviceRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** `/mgmt/…` */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A Buffer is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** The answer. `body`: the parsed JSON, or null for an empty body or a page of the web server. */
export interface DeviceAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** iControl REST ends its own synchronous operations after 60 s ("AsyncContext timeout"). */
const requestTimeoutMs = 75_000;
/** A list of thousands of certificates has a few megabytes. */
const maximumAnswerBytes = 32 * 1024 * 1024;

/**
 * Sends one request over a connection of its own, after the identity of the server has been verified.
 * @throws CertferryError ServerNotTrusted; StoreUnreachable if there is no complete answer: the device may have performed the request
 */
export async function sendRequest(
  server: ManagementServer,
  request: DeviceRequest,
  signal: AbortSignal,
): Promise<DeviceAnswer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
  const socket = await openTrustedConnection(server, limit);
  try {
    const { contentType, bytes } = encoded(request.body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpRequest(
        {
          createConnection: () => socket,
          host: server.address,
          port: server.port,
          method: request.method,
          path: request.path,
          headers: {
            ...(bytes === null ? {} : { 'Content-Type': contentType, 'Content-Length': bytes.length }),
            ...request.headers,
          },
          signal: limit,
        },
        resolve,
      );
      sent.once('error', reject);
      sent.end(bytes ?? undefined);
    });
    return { status: response.statusCode ?? 0, body: parsed(await readAnswer(response, maximumAnswerBytes)) };
  } catch (cause) {
    const reason = limit.aborted ? 'the deadline has passed' : (cause as Error).message;
    throw new CertferryError(
      'StoreUnreachable',
      `BIG-IP ${server.address}: no complete answer to ${request.method} ${pathOf(request)}: ${reason}`,
      { cause },
    );
  } finally {
    socket.destroy();
  }
}

/** The path without its query and without a token. */
export function pathOf({ path }: DeviceRequest): string {
  return path.replace(/\?.*$/, '').replace(/(\/authz\/tokens\/).*/, '$1…');
}

function encoded(body: unknown): { contentType: string; bytes: Buffer | null } {
  if (body === undefined) return { contentType: '', bytes: null };
  return Buffer.isBuffer(body)
    ? { contentType: 'application/octet-stream', bytes: body }
    : { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the web server before the API answers with a page
  }
}
