// Passes the requests of the agent to AWS Certificate Manager, with the credentials that the operator has named. The functions of
// local mode have no credentials, so no other request of theirs can reach an account.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authorize, type Endpoint, readBody, serve } from '../http/server.ts';
import { ServiceError } from '../http/service-error.ts';
import type { Operator } from './operator.ts';

export interface AcmOptions {
  readonly operator: Pick<Operator, 'send'>;
  readonly accessKeyId?: string | undefined;
  readonly socket?: string | undefined;
  readonly onFault: (error: unknown) => void;
}

/** The requests of the connector (agent-scripts/stores/acm/certificates.ts). */
const operations = new Set(
  [
    'AddTagsToCertificate',
    'DeleteCertificate',
    'DescribeCertificate',
    'GetCertificate',
    'ImportCertificate',
    'ListCertificates',
    'ListTagsForCertificate',
  ].map((name) => `CertificateManager.${name}`),
);

/** A leaf, a chain and a key in base64. */
const maximumBodyBytes = 4 * 1024 * 1024;

/** Serves the operations of the connector in every region. */
export function startAcm(options: AcmOptions): Promise<Endpoint> {
  return serve((request, response) => void answer(request, response, options), options.socket);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { operator, accessKeyId, onFault }: AcmOptions,
): Promise<void> {
  try {
    authorize(request, accessKeyId);
    const target = String(request.headers['x-amz-target'] ?? '');
    if (!operations.has(target)) {
      throw new ServiceError('UnknownOperationException', `local mode does not send ${target}`);
    }
    const body = (await readBody(request, maximumBodyBytes)).toString('utf8');
    const ended = new AbortController();
    // the agent has given up: its request must not be performed later
    response.once('close', () => ended.abort());
    const headers = { 'content-type': contentType, 'x-amz-target': target };
    const answered = await operator.send('acm', regionOf(request), { headers, body, signal: ended.signal });
    const requestId = answered.headers.get('x-amzn-requestid');
    response.writeHead(answered.status, {
      'content-type': answered.headers.get('content-type') ?? contentType,
      ...(requestId !== null && { 'x-amzn-requestid': requestId }),
    });
    response.end(answered.body);
  } catch (error) {
    refuse(response, error, onFault);
  }
}

const contentType = 'application/x-amz-json-1.1';

/** The client has signed for its region: `Credential=<id>/<date>/<region>/acm/aws4_request`. */
function regionOf({ headers: { authorization = '' } }: IncomingMessage): string {
  const region = /Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\/acm\/aws4_request/.exec(authorization)?.[1];
  if (region === undefined) throw new ServiceError('IncompleteSignature', 'The request names no region.');
  return region;
}

/** A request without an answer may have been performed: the client must not take it for refused. */
function refuse(response: ServerResponse, error: unknown, onFault: (error: unknown) => void): void {
  if (!(error instanceof ServiceError)) {
    onFault(error);
    response.destroy();
    return;
  }
  response.writeHead(400, { 'content-type': contentType });
  response.end(JSON.stringify({ __type: error.name, message: error.message }));
}
