import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type HttpLibrary,
  type RequestContext,
  ResponseContext,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import { readAnswer } from '../../host/read-answer.ts';
import type { ApiAccess } from './api-access.ts';

/** A Secret has at most 1 MiB (https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size). */
const maximumResponseBytes = 8 * 1024 * 1024;

/** The wait after 429 without a Retry-After header, and the longest wait, in milliseconds. */
const usualWait = 1000;
const longestWait = 30_000;

/** The connection to an API server. */
export interface Transport {
  readonly library: HttpLibrary;
  close(): void;
}

/**
 * Sends the requests of the client library with `node:https`. The library's own transport follows redirects, which could
 * repeat a private key to another server, and lets environment variables disable the verification of the server. A request
 * that the server refuses with 429 is repeated after Retry-After, until `signal` aborts.
 */
export function connect(access: ApiAccess, signal: AbortSignal): Transport {
  const agent = new Agent({
    rejectUnauthorized: true,
    ...(access.ca === null ? {} : { ca: access.ca }),
    ...(access.serverName === null ? {} : { servername: access.serverName }),
    ...(access.client === null ? {} : { cert: access.client.certificate, key: access.client.key }),
  });
  return {
    library: wrapHttpLibrary({
      send: (request: RequestContext) => sendUntilAccepted(request, agent, access, signal),
    }),
    close: () => agent.destroy(),
  };
}

async function sendUntilAccepted(
  request: RequestContext,
  agent: Agent,
  access: ApiAccess,
  signal: AbortSignal,
): Promise<ResponseContext> {
  for (;;) {
    const response = await send(request, agent, signal).catch((error: unknown) => {
      throw failureOf(error, access, signal);
    });
    if (response.httpStatusCode !== 429) return response;
    await wait(waitOf(response), undefined, { signal }).catch((error: unknown) => {
      throw failureOf(error, access, signal);
    });
  }
}

function send(request: RequestContext, agent: Agent, signal: AbortSignal): Promise<ResponseContext> {
  const body = (request.getBody() as string | undefined) ?? '';
  // Node sets no length for DELETE, although its body has the preconditions
  const headers = { ...request.getHeaders(), 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      request.getUrl(),
      { agent, method: request.getHttpMethod(), headers, signal },
      (response) => {
        read(response).then(resolve, reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

async function read(response: IncomingMessage): Promise<ResponseContext> {
  const text = await readAnswer(response, maximumResponseBytes);
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  );
  return new ResponseContext(response.statusCode ?? 0, headers, {
    text: () => Promise.resolve(text),
    binary: () => Promise.resolve(Buffer.from(text)),
    stream: () => null,
  });
}

function waitOf({ headers }: ResponseContext): number {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, longestWait) : usualWait;
}

/** Codes of Node for a certificate of the server that it does not trust. */
const untrusted = /^(ERR_TLS_CERT|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(VERIFY|GET_ISSUER))/;

function failureOf(error: unknown, { server }: ApiAccess, signal: AbortSignal): CertferryError {
  if (signal.aborted) return isCertferryError(signal.reason) ? signal.reason : deadlinePassed(server);
  const code = (error as NodeJS.ErrnoException).code ?? 'no code';
  if (untrusted.test(code)) {
    return new CertferryError(
      'ServerNotTrusted',
      `The certificate of the API server ${server} is not trusted (${code}). Set ca to the CA of the cluster.`,
      { details: { server, code } },
    );
  }
  return new CertferryError(
    'StoreUnreachable',
    `The API server ${server} did not answer (${code}). Check the address, the network and security groups between the agent and the server.`,
    { details: { server, code } },
  );
}

function deadlinePassed(server: string): CertferryError {
  return new CertferryError(
    'StoreUnreachable',
    `The API server ${server} did not answer before the deadline of the step. Deploy again.`,
    { details: { server } },
  );
}
