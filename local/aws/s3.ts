// What this stand-in of S3 cannot show: versions, encryption, policies, multipart uploads, conditional reads, throttling,
// and limits of size.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authorize, type Endpoint, readBody, serve, xmlText } from '../http/server.ts';
import { ServiceError } from '../http/service-error.ts';
import type { Objects } from './objects.ts';

export interface S3Options {
  readonly objects: Objects;
  readonly accessKeyId?: string | undefined;
  readonly onFault: (error: unknown) => void;
}

/** The items of a wave of tens of thousands. */
const maximumBodyBytes = 256 * 1024 * 1024;

/** Serves PutObject (also with `If-None-Match: *`), GetObject, HeadObject and ListObjectsV2, path-style. */
export function startS3(options: S3Options): Promise<Endpoint> {
  return serve((request, response) => void answer(request, response, options));
}

async function answer(request: IncomingMessage, response: ServerResponse, options: S3Options): Promise<void> {
  try {
    authorize(request, options.accessKeyId);
    await operate(request, response, options.objects);
  } catch (error) {
    const known = error instanceof ServiceError;
    if (!known) options.onFault(error);
    const [status, code] = known ? [statuses[error.name] ?? 400, error.name] : [500, 'InternalError'];
    const message = known ? error.message : 'the embedded endpoint failed; see its log';
    sendXml(response, status, `<Error><Code>${code}</Code><Message>${xmlText(message)}</Message></Error>`);
  }
}

const statuses: Readonly<Record<string, number>> = {
  NoSuchKey: 404,
  PreconditionFailed: 412,
  UnrecognizedClientException: 403,
  NotImplemented: 501,
};

async function operate(request: IncomingMessage, response: ServerResponse, objects: Objects): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://local');
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const key = rest.join('/');
  if (request.method === 'PUT' && key !== '') return put(request, response, { objects, bucket, key });
  if ((request.method === 'GET' || request.method === 'HEAD') && key !== '') {
    return get(response, { objects, bucket, key });
  }
  if (request.method === 'GET' && url.searchParams.get('list-type') === '2') {
    return list(response, objects, { bucket, prefix: url.searchParams.get('prefix') ?? '' });
  }
  throw new ServiceError('NotImplemented', `local mode does not serve ${request.method} ${url.pathname}`);
}

interface ObjectAddress {
  readonly objects: Objects;
  readonly bucket: string;
  readonly key: string;
}

async function put(
  request: IncomingMessage,
  response: ServerResponse,
  { objects, bucket, key }: ObjectAddress,
) {
  if (request.headers['content-encoding']?.includes('aws-chunked')) {
    throw new ServiceError('NotImplemented', 'local mode takes no bodies in signed chunks');
  }
  const body = await readBody(request, maximumBodyBytes);
  const unlessExists = request.headers['if-none-match'] === '*';
  response.writeHead(200, { etag: await objects.put(bucket, key, body, { unlessExists }) });
  response.end();
}

async function get(response: ServerResponse, { objects, bucket, key }: ObjectAddress): Promise<void> {
  const object = await objects.get(bucket, key);
  if (object === null) throw new ServiceError('NoSuchKey', 'The specified key does not exist.');
  response.writeHead(200, { etag: object.etag, 'content-length': object.body.length });
  response.end(object.body);
}

async function list(
  response: ServerResponse,
  objects: Objects,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<void> {
  const keys = await objects.list(bucket, prefix);
  const contents = keys.map((key) => `<Contents><Key>${xmlText(key)}</Key></Contents>`);
  const about = `<Name>${xmlText(bucket)}</Name><KeyCount>${keys.length}</KeyCount><IsTruncated>false</IsTruncated>`;
  sendXml(response, 200, `<ListBucketResult>${about}${contents.join('')}</ListBucketResult>`);
}

function sendXml(response: ServerResponse, status: number, content: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
}
