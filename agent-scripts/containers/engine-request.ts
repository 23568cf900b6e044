import { existsSync } from 'node:fs';
import { request } from 'node:http';

/** The sockets where Docker and Podman listen as root, in this order. */
const usualSockets = ['/var/run/docker.sock', '/run/podman/podman.sock'];

/** The configured socket, else the first usual one that exists, else that of Docker. */
export function engineSocket(configured: string | undefined): string {
  return configured ?? usualSockets.find((path) => existsSync(path)) ?? '/var/run/docker.sock';
}

/** Longer responses are refused. The description of a container takes about 10 KB. */
const maximumResponseBytes = 4 * 1024 * 1024;

export interface EngineResponse {
  readonly status: number;
  readonly body: Buffer;
}

/** One request to the API of an engine. Without a version in the path, Docker and Podman use their own version. */
export interface EngineRequest {
  readonly socket: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly content?: unknown;
  readonly deadline: AbortSignal;
}

const connectionProblems: Readonly<Record<string, string>> = {
  ENOENT: 'the socket does not exist; start the engine (for Podman: systemctl enable --now podman.socket)',
  ECONNREFUSED: 'no process listens on the socket; start the engine',
  EACCES: 'the agent has no permission for the socket',
  ENOTSOCK: 'the path is not a socket',
};

/**
 * Sends a request over the Unix socket of the engine.
 * @throws Error with a message for the operator
 */
export function engineRequest(one: EngineRequest): Promise<EngineResponse> {
  const { socket, method, path, content, deadline } = one;
  const text = content === undefined ? '' : JSON.stringify(content);
  const headers = {
    host: 'localhost',
    ...(text !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const problem = deadline.aborted
        ? 'no response before the deadline'
        : (connectionProblems[error.code ?? ''] ?? error.message);
      reject(new Error(`${socket}: ${problem}`, { cause: error }));
    };
    const sent = request({ socketPath: socket, method, path, headers, agent: false, signal: deadline });
    sent.once('error', fail);
    sent.once('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.once('error', fail);
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > maximumResponseBytes) response.destroy(new Error('the response is longer than 4 MiB'));
        else parts.push(part);
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    sent.end(text);
  });
}
