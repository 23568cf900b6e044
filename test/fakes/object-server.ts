// Not simulated: request checks of S3, virtual-hosted addresses, redirects between regions, pages of a listing.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredObject {
  readonly versionId: string | null;
  readonly body: Buffer;
}

/** Objects of a bucket by key, the newest version last, with the real protocol of S3. */
export interface ObjectServer {
  readonly endpoint: string;
  /** Method, path and query of each request, in order. */
  readonly requests: string[];
  /** `versionId` null: the bucket is not versioned. */
  put(key: string, body: string | Buffer, versionId: string | null): void;
  close(): Promise<void>;
}

export async function startObjectServer(bucket: string): Promise<ObjectServer> {
  const objects = new Map<string, StoredObject[]>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const { pathname, searchParams } = new URL(String(request.url), 'http://s3');
    const [, inBucket = '', ...rest] = decodeURIComponent(pathname).split('/');
    if (inBucket !== bucket) return refuse(response, 404, 'NoSuchBucket');
    if (searchParams.has('versions')) return list(response, objects, searchParams.get('prefix') ?? '');
    get(response, objects.get(rest.join('/')) ?? [], searchParams.get('versionId'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    put(key, body, versionId) {
      const stored = versionId === null ? [] : (objects.get(key) ?? []);
      objects.set(key, [...stored, { versionId, body: Buffer.from(body) }]);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function get(response: ServerResponse, versions: readonly StoredObject[], requested: string | null): void {
  const found = versions.findLast(({ versionId }) => requested === null || versionId === requested);
  if (found === undefined) {
    refuse(response, 404, requested === null ? 'NoSuchKey' : 'NoSuchVersion');
    return;
  }
  const version = found.versionId === null ? {} : { 'x-amz-version-id': found.versionId };
  response.writeHead(200, { 'content-length': found.body.byteLength, ...version });
  response.end(found.body);
}

function list(response: ServerResponse, objects: Map<string, StoredObject[]>, prefix: string): void {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const versions = keys.flatMap((key) =>
    (objects.get(key) ?? [])
      .toReversed()
      .map(
        ({ versionId }, index) =>
          `<Version><Key>${key}</Key><VersionId>${versionId}</VersionId><IsLatest>${index === 0}</IsLatest></Version>`,
      ),
  );
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><ListVersionsResult>${versions.join('')}</ListVersionsResult>`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}
