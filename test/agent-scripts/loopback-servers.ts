import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  readonly port: number;
  close(): Promise<void>;
}

async function serve(server: Server): Promise<LoopbackServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
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

/** IMDSv2: every request needs the session token that a PUT returns. */
export function serveMetadata(): Promise<LoopbackServer> {
  const answers: Readonly<Record<string, string>> = {
    '/latest/meta-data/placement/region': 'eu-central-1',
    '/latest/meta-data/services/domain': 'amazonaws.com',
    '/latest/meta-data/iam/security-credentials/': 'fleet-role',
    '/latest/meta-data/iam/security-credentials/fleet-role': JSON.stringify(
      { Code: 'Success', ...role },
      null,
      2,
    ),
  };
  return serve(
    createServer((request, response) => {
      if (request.method === 'PUT' && request.url === '/latest/api/token') return response.end('session');
      const answer = answers[request.url ?? ''];
      const allowed = request.headers['x-aws-ec2-metadata-token'] === 'session';
      response.statusCode = allowed && answer !== undefined ? 200 : 401;
      return response.end(answer);
    }),
  );
}

/** S3, path style: returns the object if the request is signed with the role's credentials. */
export function serveObjects(objects: Readonly<Record<string, Buffer>>): Promise<LoopbackServer> {
  return serve(
    createServer((request, response) => {
      const object = objects[request.url ?? ''];
      response.statusCode = object === undefined ? 404 : isSigned(request) ? 200 : 403;
      response.end(response.statusCode === 200 ? object : '');
    }),
  );
}

/** Signature Version 4 according to its manual (docs.aws.amazon.com/IAM, "Create a signed AWS API request"). */
function isSigned(request: IncomingMessage): boolean {
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
    Buffer.from(`AWS4${role.SecretAccessKey}`),
  );
  return (
    accessKey === role.AccessKeyId &&
    names.includes('x-amz-security-token') &&
    request.headers['x-amz-security-token'] === role.Token &&
    createHmac('sha256', key).update(text).digest('hex') === signature
  );
}
