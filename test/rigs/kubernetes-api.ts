import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../fixtures/certificates.ts';

/** An API server and a token for it. */
export interface ApiEndpoint {
  readonly url: string;
  /** The CA of the server, in PEM. */
  readonly ca: string;
}

export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly token?: string;
  /** Default: application/json. */
  readonly type?: string;
  /** Sent as JSON, or as it is if it is text. */
  readonly body?: unknown;
}

export interface ApiAnswer {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends one request. */
export async function ask({ url, ca }: ApiEndpoint, request: ApiRequest): Promise<ApiAnswer> {
  const { method, path, token, type = 'application/json', body } = request;
  const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
  const sent = httpsRequest(`${url}${path}`, {
    ca,
    agent: false,
    method,
    headers: {
      Accept: 'application/json',
      'User-Agent': 'test-client',
      ...(body === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
  });
  sent.end(text);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { code: response.statusCode ?? 0, headers: response.headers, text: await textOf(response) };
}

/**
 * What a test makes of one request: `refuse` closes the connection before it, `answer` answers in place of the server, `lose`
 * performs it and closes the connection, `cut` performs it and closes the connection within the answer, `hold` never answers.
 */
export type Fault =
  | { readonly kind: 'refuse' | 'lose' | 'cut' | 'hold' }
  | {
      readonly kind: 'answer';
      readonly code: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    };

export interface ReceivedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
}

export interface FaultyApi extends ApiEndpoint {
  readonly requests: ReceivedRequest[];
  /** Called before each request with its number from 0. */
  fault: ((request: ReceivedRequest, index: number) => Fault | undefined | Promise<Fault | undefined>) | null;
  /** Waits until the server has performed every request so far, also those without an answer. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A TLS proxy before an API server, which breaks the requests that a test chooses. */
export async function startFaultyApi(server: ApiEndpoint): Promise<FaultyApi> {
  const authority = await createAuthority({ name: 'Proxy' });
  const { fullchainPem, keyPem } = await authority.issue({ names: ['localhost'] });
  const requests: ReceivedRequest[] = [];
  const pending = new Set<Promise<void>>();
  const proxy = createServer({ cert: fullchainPem, key: keyPem }, (request, response) => {
    const passed = pass(request, response)
      .catch(() => void response.destroy())
      .then(() => void pending.delete(passed));
    pending.add(passed);
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const received = { method: request.method ?? '', path: request.url ?? '', body };
    requests.push(received);
    const fault = await api.fault?.(received, requests.length - 1);
    if (fault?.kind === 'hold') return;
    if (fault?.kind === 'refuse') response.destroy();
    else if (fault?.kind === 'answer') response.writeHead(fault.code, fault.headers).end(fault.body);
    else await forward(request, body, response, fault?.kind);
  }

  async function forward(
    request: IncomingMessage,
    body: string,
    response: ServerResponse,
    fault: 'lose' | 'cut' | undefined,
  ): Promise<void> {
    const { method, headers, url } = request;
    const { host: _host, connection: _connection, ...others } = headers;
    const sent = httpsRequest(`${server.url}${url}`, {
      ca: server.ca,
      agent: false,
      method: method ?? '',
      headers: others,
    });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const text = await textOf(answer);
    if (fault === 'lose') return void response.destroy();
    response.writeHead(answer.statusCode ?? 0, {
      'Content-Type': answer.headers['content-type'] ?? '',
      'Content-Length': Buffer.byteLength(text),
    });
    if (fault === undefined) response.end(text);
    else response.write(text.slice(0, text.length / 2), () => response.destroy());
  }

  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const api: FaultyApi = {
    url: `https://localhost:${(proxy.address() as AddressInfo).port}`,
    ca: authority.rootPem,
    requests,
    fault: null,
    settled: async () => {
      await Promise.all(pending);
    },
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
  return api;
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
