import type { IncomingMessage } from 'node:http';
import { readAnswer } from '../host/read-answer.ts';

/** One request to Caddy's admin API. */
export interface AdminRequest {
  readonly method: 'GET' | 'PATCH';
  /** `/config/…`, see https://caddyserver.com/docs/api */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The response. Caddy sends the ETag as a trailer, because it computes the hash while sending. Null if there is none. */
export interface AdminResponse {
  readonly status: number;
  readonly etag: string | null;
  readonly body: string;
}

/** A configuration is much smaller: a longer response does not come from Caddy. */
const maximumResponseBytes = 32 * 1024 * 1024;

/**
 * Sends a request to the admin API at `localhost:2019` or `unix//run/caddy.sock`. Caddy compares Host (and with
 * `enforce_origin` also Origin) with its listening address. Over a socket, Host must be empty
 * (https://caddyserver.com/docs/json/admin/origins/).
 * @throws Error if there is no response before `signal` aborts
 */
export async function requestAdmin(
  address: string,
  { method, path, headers, body }: AdminRequest,
  signal: AbortSignal,
): Promise<AdminResponse> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...connectionTo(address),
        agent: false,
        // Node replaces an empty Host by its own
        setHost: false,
        method,
        path,
        headers: { ...originHeaders(address), 'Content-Type': 'application/json', ...headers },
        signal,
      },
      (response) => {
        readResponse(response).then(resolve, reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** The path in an address such as `unix//run/caddy.sock`. Null for host and port. */
export function socketPath(address: string): string | null {
  return address.startsWith('unix/') ? address.slice('unix/'.length) : null;
}

function connectionTo(address: string): { socketPath: string } | { host: string; port: string } {
  const path = socketPath(address);
  if (path !== null) return { socketPath: path };
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: address.slice(colon + 1) };
}

function originHeaders(address: string): Record<string, string> {
  return socketPath(address) === null ? { Host: address, Origin: `http://${address}` } : { Host: '' };
}

async function readResponse(response: IncomingMessage): Promise<AdminResponse> {
  const body = await readAnswer(response, maximumResponseBytes);
  const etag = response.headers.etag ?? response.trailers.etag ?? null;
  return { status: response.statusCode ?? 0, etag, body };
}
