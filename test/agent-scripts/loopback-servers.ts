import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createPlainServer, type Server as PlainServer } from 'node:net';

export interface LoopbackServer {
  readonly port: number;
  close(): Promise<void>;
}

async function serve(server: PlainServer, address = '127.0.0.1'): Promise<LoopbackServer> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        if ('closeAllConnections' in server) (server as Server).closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function serveTls(
  pair: { cert: string; key: string },
  listener: RequestListener,
): Promise<LoopbackServer> {
  return serve(createTlsServer(pair, listener));
}

/** Credentials that the simulated metadata service returns for the instance role. */
export const role = { AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'se/cr+et', Token: 'to+ken/==' };

/** Answers of the simulated metadata service about the instance role: `none`, `unusable`, or a role with credentials. */
const roleAnswers: Readonly<Record<'usable' | 'unusable' | 'none', Readonly<Record<string, string>>>> = {
  usable: {
    '/latest/meta-data/iam/security-credentials/': 'fleet-role',
    '/latest/meta-data/iam/security-credentials/fleet-role': JSON.stringify(
      { Code: 'Success', Expiration: '2099-01-01T00:00:00Z', ...role },
      null,
      2,
    ),
  },
  unusable: {
    '/latest/meta-data/iam/security-credentials/': 'fleet-role',
    '/latest/meta-data/iam/security-credentials/fleet-role': JSON.stringify({
      Code: 'AssumeRoleUnauthorizedAccess',
      Message: 'EC2 cannot assume the role fleet-role.',
    }),
  },
  none: {},
};

/** IMDSv2: every request needs the session token that a PUT returns. It cannot show limits of hops or of requests. */
export function serveMetadata(
  kind: keyof typeof roleAnswers = 'usable',
  address = '127.0.0.1',
): Promise<LoopbackServer> {
  const answers: Readonly<Record<string, string>> = {
    '/latest/meta-data/placement/region': 'eu-central-1',
    ...roleAnswers[kind],
  };
  return serve(
    createServer((request, response) => {
      if (request.method === 'PUT' && request.url === '/latest/api/token') return response.end('session');
      const answer = answers[request.url ?? ''];
      const allowed = request.headers['x-aws-ec2-metadata-token'] === 'session';
      response.statusCode = !allowed ? 401 : answer === undefined ? 404 : 200;
      return response.end(answer);
    }),
    address,
  );
}

/**
 * S3, path style, on 127.0.0.2: returns the object if the request is signed with these credentials. It ignores ranges.
 */
export function serveObjects(
  objects: Readonly<Record<string, Buffer>>,
  credentials: typeof role = role,
): Promise<LoopbackServer> {
  return serve(
    createServer((request, response) => {
      const object = objects[request.url ?? ''];
      response.statusCode = object === undefined ? 404 : isSigned(request, credentials) ? 200 : 403;
      if (response.statusCode !== 200) return response.end('');
      response.setHeader('last-modified', 'Sun, 22 Nov 2026 10:00:00 GMT');
      response.setHeader('etag', '"0123456789abcdef0123456789abcdef"');
      response.setHeader('content-length', String(object?.length));
      return response.end(request.method === 'HEAD' ? '' : object);
    }),
    '127.0.0.2',
  );
}

/** A server that gives every request the same answer. */
export function serveAnswer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<LoopbackServer> {
  return serve(createServer((_, response) => response.writeHead(status, headers).end(body)));
}

/** A firewall that closes every connection when the TLS handshake starts. */
export function serveClosedConnections(): Promise<LoopbackServer> {
  return serve(createPlainServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
}

/** A proxy that refuses every tunnel with this status. */
export function serveRefusingProxy(status: string): Promise<LoopbackServer> {
  const server = createServer();
  server.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`));
  return serve(server);
}

/** Signature Version 4 according to its manual (docs.aws.amazon.com/IAM, "Create a signed AWS API request"). */
function isSigned(request: IncomingMessage, credentials: typeof role): boolean {
  const parts = /Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)/.exec(
    request.headers.authorization ?? '',
  );
  const [, credential = '', signedHeaders = '', signature] = parts ?? [];
  const [accessKey, ...scope] = credential.split('/');
  const names = signedHeaders.split(';');
  const canonical = [
    request.method,
    request.url,
    '',
    ...names.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signedHeaders,
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const text = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    scope.join('/'),
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const key = scope.reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${credentials.SecretAccessKey}`),
  );
  return (
    accessKey === credentials.AccessKeyId &&
    names.includes('x-amz-security-token') &&
    request.headers['x-amz-security-token'] === credentials.Token &&
    createHmac('sha256', key).update(text).digest('hex') === signature
  );
}
