// What the embedded endpoints have in common, whatever protocol they speak.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { ServiceError } from './service-error.ts';
import { reachablePath } from './sockets.ts';

/** A listening endpoint: `http://127.0.0.1:PORT` (tests), or the path of its Unix socket. */
export interface Endpoint {
  readonly endpoint: string;
  /** What a client in this process connects to, if `endpoint` is a socket. */
  readonly socketPath?: string;
  close(): Promise<void>;
}

/** Serves on a Unix socket; without one, on any free port of loopback (tests). */
export async function serve(listener: RequestListener, socket?: string): Promise<Endpoint> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  if (socket === undefined) {
    await listen(server, { host: '127.0.0.1', port: 0 });
    const { port } = server.address() as AddressInfo;
    return { endpoint: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
  }
  const reachable = reachablePath(socket);
  await listen(server, { path: reachable.path }).catch((error: unknown) => {
    reachable.close();
    throw error;
  });
  return {
    endpoint: socket,
    socketPath: reachable.path,
    async close() {
      await closeServer(server);
      reachable.close();
    },
  };
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
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
 * Each call must be signed with the access key id of this process. A socket is then closed to other users even if the mode
 * of its folder is changed. The signature itself is not checked. Without an id every client is served (tests).
 */
export function authorize(request: IncomingMessage, accessKeyId: string | undefined): void {
  if (accessKeyId === undefined) return;
  const [, given = ''] = /Credential=([^/\s,]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(accessKeyId))) {
    throw new ServiceError('UnrecognizedClientException', 'The access key id is not that of this process.');
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
