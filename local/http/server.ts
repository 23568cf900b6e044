// What the embedded endpoints have in common, whatever protocol they speak.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError } from './service-error.ts';

export interface Endpoint {
  /** `http://127.0.0.1:PORT`, for an `AWS_ENDPOINT_URL_…` variable. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Serves on loopback; `port` 0 takes any that is free. */
export async function serve(listener: RequestListener, port = 0): Promise<Endpoint> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await listen(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${taken}`, close: () => closeServer(server) };
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

/**
 * Loopback is open to every user of the machine. So each call must be signed with an access key id that only the owner of
 * the state folder can read. The signature itself is not checked. Without an id every client is served (tests).
 */
export function authorize(request: IncomingMessage, accessKeyId: string | undefined): void {
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

/** The whole body. Throws SerializationException beyond `maximumBytes`. */
export async function readBody(request: IncomingMessage, maximumBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) throw new ServiceError('SerializationException', 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Text as it stands in an element of XML. */
export function xmlText(text: string): string {
  return text.replace(/[&<>]/g, (found) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[found] ?? found);
}
