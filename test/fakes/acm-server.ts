// Not simulated: IAM policies, the services that use a certificate, propagation to them, the real texts of most refusals.
//
// One region of AWS Certificate Manager over its real protocol (JSON 1.1, `CertificateManager.*`), strict: it refuses what
// ACM refuses. Sources of its behaviour:
//
// [api]      https://docs.aws.amazon.com/acm/latest/APIReference/API_ImportCertificate.html and its neighbours
// [prereq]   https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html
// [reimport] https://docs.aws.amazon.com/acm/latest/userguide/import-reimport.html
// [trouble]  https://docs.aws.amazon.com/acm/latest/userguide/troubleshoot-import.html
// [quota]    https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
// [tags]     "Tagging is not permitted on re-import.": https://github.com/hashicorp/terraform-provider-aws/issues/15055
// [usages]   "New certificate is missing …": https://github.com/hashicorp/terraform-provider-aws/issues/42779
// [limit]    "you have reached your limit …": https://github.com/hashicorp/terraform-provider-aws/issues/14025
// [one]      "contains more than one certificate": https://github.com/aws/aws-cli/issues/6569
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  algorithmOf,
  type Content,
  Refusal,
  requireImportable,
  requireReplaceable,
  validation,
} from './acm-import-checks.ts';

/** What happens to one request instead of its answer. */
export type AcmFault =
  /** Not performed: AccessDeniedException. */
  | 'refused'
  /** Not performed: ThrottlingException. */
  | 'throttled'
  /** Not performed: status 503. */
  | 'unavailable'
  /** Performed: status 500. */
  | 'failed'
  /** Performed, and the connection ends in the middle of the answer. */
  | 'cut'
  /** Performed, and never answered: `onSilence` is called instead. */
  | 'silent';

export interface AcmCertificate {
  readonly arn: string;
  readonly type: 'IMPORTED' | 'AMAZON_ISSUED';
  readonly leaf: string;
  readonly chain: string;
  readonly key: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly inUse: boolean;
}

interface Entry {
  certificate: AcmCertificate;
  /** What GetCertificate returns for the next `staleReads` reads. */
  stale: AcmCertificate | null;
  staleReads: number;
}

export interface AcmServer {
  readonly endpoint: string;
  readonly region: string;
  /** The names of the operations, in order. */
  readonly requests: string[];
  readonly certificates: () => AcmCertificate[];
  /** Adds a certificate as if it had been imported, or issued by ACM. Returns its ARN. */
  add(content: Pick<AcmCertificate, 'leaf' | 'chain' | 'key'> & Partial<AcmCertificate>): string;
  /** Reads after an import that still return the previous certificate. */
  staleReads: number;
  /** Imports that the account may still make. */
  importsLeft: number;
  /** The fault of a request, by its number from 1 and its operation. */
  fault: (request: number, operation: string) => AcmFault | null;
  /** Called for a silent request. */
  onSilence: () => void;
  close(): Promise<void>;
}

const account = '123456789012';

type Input = Readonly<Record<string, unknown>>;

/** Starts one on a free port of loopback. */
export async function startAcmServer(region = 'us-east-1'): Promise<AcmServer> {
  const entries = new Map<string, Entry>();
  const requests: string[] = [];

  const add: AcmServer['add'] = (content) => {
    const arn = content.arn ?? `arn:aws:acm:${region}:${account}:certificate/${randomUUID()}`;
    const certificate = { type: 'IMPORTED' as const, tags: new Map(), inUse: false, ...content, arn };
    entries.set(arn, { certificate, stale: null, staleReads: 0 });
    return arn;
  };

  const entryOf = ({ CertificateArn: arn }: Input): Entry => {
    if (typeof arn !== 'string')
      throw validation("Value null at 'certificateArn' failed to satisfy constraint");
    if (!new RegExp(`^arn:aws:acm:${region}:${account}:certificate/[A-Za-z0-9-]+$`).test(arn)) {
      // [api] ResourceNotFoundException also for another region or account
      throw new Refusal('ResourceNotFoundException', `Could not find certificate ${arn}.`);
    }
    const entry = entries.get(arn);
    if (entry === undefined)
      throw new Refusal('ResourceNotFoundException', `Could not find certificate ${arn}.`);
    return entry;
  };

  function importCertificate(input: Input): object {
    const content = contentOf(input);
    const entry = input.CertificateArn === undefined ? null : entryOf(input);
    const tags = tagsIn(input);
    if (entry !== null) requireReimport(input, entry.certificate);
    requireImportable(content);
    if (entry !== null) requireReplaceable(content.leaf, entry.certificate.leaf);
    countImport();
    if (entry === null) return { CertificateArn: add({ ...content, tags }) };
    if (entry.staleReads === 0) entry.stale = entry.certificate;
    entry.staleReads = server.staleReads;
    entry.certificate = { ...entry.certificate, ...content };
    return { CertificateArn: entry.certificate.arn };
  }

  /** [quota] "Number of imported certificates per year (last 365 days)": each import counts. */
  function countImport(): void {
    if (server.importsLeft <= 0) {
      // [limit]
      const text = 'Error: you have reached your limit of 5000 certificates in the last year.';
      throw new Refusal('LimitExceededException', text);
    }
    server.importsLeft -= 1;
  }

  const operations: Readonly<Record<string, (input: Input) => object>> = {
    ImportCertificate: importCertificate,
    GetCertificate(input) {
      const entry = entryOf(input);
      const isStale = entry.staleReads > 0 && entry.stale !== null;
      if (isStale) entry.staleReads -= 1;
      const { leaf, chain } = isStale && entry.stale !== null ? entry.stale : entry.certificate;
      return { Certificate: leaf, ...(chain !== '' && { CertificateChain: chain }) };
    },
    DescribeCertificate(input) {
      const { arn, type, leaf, inUse } = entryOf(input).certificate;
      const KeyAlgorithm = algorithmOf(leaf).replace('RSA_', 'RSA-'); // as the examples of [api] write it
      return {
        Certificate: { CertificateArn: arn, Type: type, KeyAlgorithm, InUseBy: inUse ? ['a listener'] : [] },
      };
    },
    ListCertificates: (input) =>
      listPage(
        [...entries.values()].map(({ certificate }) => certificate),
        input,
      ),
    ListTagsForCertificate(input) {
      const tags = [...entryOf(input).certificate.tags];
      return { Tags: tags.map(([Key, Value]) => ({ Key, Value })) };
    },
    DeleteCertificate(input) {
      const { certificate } = entryOf(input);
      if (certificate.inUse)
        throw new Refusal('ResourceInUseException', `Certificate ${certificate.arn} is in use.`); // [api]
      entries.delete(certificate.arn);
      return {};
    },
  };

  const http = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = operationOf(request, region);
    const body = await bodyOf(request);
    requests.push(operation);
    const fault = server.fault(requests.length, operation);
    const unperformed = fault === null ? undefined : unperformedFaults[fault];
    if (unperformed !== undefined) return send(response, ...unperformed);
    const perform = operations[operation];
    const result = perform === undefined ? unknownOperation : performed(() => perform(body));
    if (fault === 'silent') return server.onSilence();
    if (fault === 'failed') return send(response, 500, { __type: 'InternalFailure' });
    if (fault === 'cut') return cut(response, result[1]);
    send(response, ...result);
  }

  const server: AcmServer = {
    ...{ endpoint: await listen(http), region, requests },
    certificates: () => [...entries.values()].map(({ certificate }) => certificate),
    add,
    staleReads: 0,
    importsLeft: 5000,
    fault: () => null,
    onSilence: () => undefined,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

function requireReimport({ Tags }: Input, { type }: AcmCertificate): void {
  if (Tags !== undefined) throw validation('Tagging is not permitted on re-import.'); // [tags]
  // [api] CertificateArn is for "a previously imported certificate"
  if (type !== 'IMPORTED') throw validation('The certificate is not an imported certificate.');
}

type Answer = readonly [status: number, body: object];

const unperformedFaults: Partial<Record<AcmFault, Answer>> = {
  refused: [
    400,
    { __type: 'AccessDeniedException', Message: 'User is not authorized to perform this operation.' },
  ],
  throttled: [400, { __type: 'ThrottlingException', message: 'Rate exceeded' }],
  unavailable: [503, { __type: 'ServiceUnavailable' }],
};

const unknownOperation: Answer = [400, { __type: 'UnknownOperationException' }];
function performed(perform: () => object): Answer {
  try {
    return [200, perform()];
  } catch (error) {
    if (error instanceof Refusal) return [400, { __type: error.code, message: error.message }];
    throw error;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}

function cut(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': text.length });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

/** The signature must be for this service and region, as AWS requires; its value is not verified. */
function operationOf({ headers }: IncomingMessage, region: string): string {
  const scope = new RegExp(`^AWS4-HMAC-SHA256 Credential=[^/]+/\\d{8}/${region}/acm/aws4_request, `);
  const isSigned = scope.test(headers.authorization ?? '');
  const isJson = headers['content-type'] === 'application/x-amz-json-1.1';
  const [service, operation = ''] = String(headers['x-amz-target']).split('.');
  return isSigned && isJson && service === 'CertificateManager' ? operation : 'unsigned';
}

async function bodyOf(request: IncomingMessage): Promise<Input> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Input;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Lengths of [api]. */
function contentOf(input: Input): Content {
  return {
    leaf: blobOf(input, 'Certificate', 32_768) ?? '',
    key: blobOf(input, 'PrivateKey', 5120) ?? '',
    chain: blobOf(input, 'CertificateChain', 2_097_152, false) ?? '',
  };
}

function blobOf(input: Input, field: string, maximum: number, isRequired = true): string | null {
  const value = input[field];
  if (value === undefined && !isRequired) return null;
  const bytes = Buffer.from(String(value ?? ''), 'base64');
  if (bytes.length >= 1 && bytes.length <= maximum) return bytes.toString('latin1');
  throw validation(
    `1 validation error detected: Value at '${field}' failed to satisfy constraint: Member must have length between 1 and ${maximum}`,
  );
}

function tagsIn({ Tags = [] }: Input): Map<string, string> {
  const tags = Tags as { readonly Key: string; readonly Value?: string }[];
  if (tags.length > 50) throw new Refusal('TooManyTagsException', 'Too many tags.'); // [api]
  if (tags.some(({ Key }) => /^aws:/i.test(Key)))
    throw new Refusal('InvalidTagException', 'Reserved prefix.'); // [api]
  return new Map(tags.map(({ Key, Value = '' }) => [Key, Value]));
}

/** [api] Without `keyTypes`, ListCertificates returns RSA_1024 and RSA_2048 only. Two certificates are a page here. */
function listPage(all: readonly AcmCertificate[], { Includes, NextToken }: Input): object {
  const { keyTypes = ['RSA_1024', 'RSA_2048'] } = (Includes ?? {}) as { readonly keyTypes?: string[] };
  const listed = all.filter(({ leaf }) => keyTypes.includes(algorithmOf(leaf)));
  const from = Number(NextToken ?? 0);
  const page = listed.slice(from, from + 2);
  return {
    CertificateSummaryList: page.map(({ arn, type, leaf }) => ({
      CertificateArn: arn,
      Type: type,
      KeyAlgorithm: algorithmOf(leaf),
    })),
    ...(listed.length > from + 2 && { NextToken: String(from + 2) }),
  };
}
