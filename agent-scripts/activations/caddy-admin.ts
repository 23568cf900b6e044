import type { IncomingMessage } from 'node:http';

/** One request to Caddy's admin API. */
export interface AdminRequest {
  readonly method: 'GET' | 'PATCH';
  /** `/config/…`, see https://caddyserver.com/docs/api */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Its answer. The ETag is a trailer, because Caddy hashes what it sends while it sends it; null when there is none. */
export interface AdminResponse {
  readonly status: number;
  readonly etag: string | null;
  readonly body: string;
}

/** A configuration is small; what is larger is not Caddy. */
const maximumResponseCharacters = 32 * 1024 * 1024;

/**
 * Asks the admin API at `localhost:2019` or `unix//run/caddy.sock`. Caddy compares Host (and, with `enforce_origin`,
 * Origin) with what it listens on; over a socket Host is empty (https://caddyserver.com/docs/json/admin/origins/).
 * @throws Error when there is no answer before `signal` aborts
 */
export async function requestAdmin(
  address: string,
  question: AdminRequest,
  signal: AbortSignal,
): Promise<AdminResponse> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...whereTo(address),
        agent: false,
        // Node would make an empty Host one of its own
        setHost: false,
        method: question.method,
        path: question.path,
        headers: { ...whoAsks(address), 'Content-Type': 'application/json', ...question.headers },
        signal,
      },
      (response) => {
        readAnswer(response).then(resolve, reject);
      },
    );
    sent.once('error', reject);
    sent.end(question.body);
  });
}

/** The socket's path of an address such as `unix//run/caddy.sock`; null for host and port. */
export function socketPath(address: string): string | null {
  return address.startsWith('unix/') ? address.slice('unix/'.length) : null;
}

function whereTo(address: string): { socketPath: string } | { host: string; port: string } {
  const path = socketPath(address);
  if (path !== null) return { socketPath: path };
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: address.slice(colon + 1) };
}

function whoAsks(address: string): Record<string, string> {
  return socketPath(address) === null ? { Host: address, Origin: `http://${address}` } : { Host: '' };
}

async function readAnswer(response: IncomingMessage): Promise<AdminResponse> {
  let body = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    body += chunk;
    if (body.length > maximumResponseCharacters) throw new Error('the answer is too long for an admin API');
  }
  const etag = response.headers.etag ?? response.trailers.etag ?? null;
  return { status: response.statusCode ?? 0, etag, body };
}
