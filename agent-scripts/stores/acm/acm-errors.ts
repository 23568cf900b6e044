import { CertferryError, type ErrorName } from '../../../core/errors.ts';

/** What a request was to do, for its errors. */
export interface Request {
  readonly action: string;
  /** The ARN, or the name of a first import. */
  readonly of: string;
  readonly region: string;
}

/**
 * What an error of the SDK means:
 *
 * | meaning | the request |
 * | --- | --- |
 * | busy | was refused for a moment, so it has changed nothing and may be sent again |
 * | unclear | may have been performed, although there is no answer |
 * | refused | was refused, so it has changed nothing |
 */
export type Meaning = 'busy' | 'unclear' | 'refused';

/** Refusals that pass: https://docs.aws.amazon.com/acm/latest/APIReference/API_ImportCertificate.html#API_ImportCertificate_Errors */
const passing = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ConflictException',
  'RequestInProgressException',
]);

const noCredentials = new Set(['CredentialsProviderError', 'TokenProviderError']);

/** See {@link Meaning}. Without an answer of the service, a request is unclear. */
export function meaningOf(error: unknown): Meaning {
  if (passing.has(nameOf(error))) return 'busy';
  if (noCredentials.has(nameOf(error)) || isUntrusted(error)) return 'refused';
  const status = statusOf(error);
  return status >= 400 && status < 500 ? 'refused' : 'unclear';
}

/** Whether the service refused because the certificate does not exist. */
export function isNotFound(error: unknown): boolean {
  return nameOf(error) === 'ResourceNotFoundException';
}

interface Text {
  readonly error: ErrorName;
  readonly next: string;
}

const permission = (action: string) => `Allow acm:${action} to the role of the agent (docs/targets/acm.md).`;

/** By the name of the SDK's error. */
const texts: Readonly<Record<string, (request: Request) => Text>> = {
  AccessDeniedException: ({ action }) => ({ error: 'CredentialRefused', next: permission(action) }),
  UnrecognizedClientException: () => ({
    error: 'CredentialRefused',
    next: 'Check the credentials of the agent.',
  }),
  ExpiredTokenException: () => ({ error: 'CredentialRefused', next: 'Check the credentials of the agent.' }),
  InvalidSignatureException: () => ({
    error: 'CredentialRefused',
    next: 'Check the credentials and the clock of the agent.',
  }),
  ResourceNotFoundException: ({ region }) => ({
    error: 'StoreRefused',
    next: `No such certificate exists in region ${region} of the account of the agent. Check certificateArn.`,
  }),
  InvalidArnException: () => ({ error: 'StoreRefused', next: 'Check certificateArn.' }),
  LimitExceededException: ({ region }) => ({
    error: 'StoreRefused',
    next: `A quota of ACM in region ${region} is used up: imported certificates, or imports in the last 365 days (5,000 by default). Request a higher quota in Service Quotas.`,
  }),
  ThrottlingException: () => ({
    error: 'StoreUnreachable',
    next: 'ACM throttles the account. Deploy again, or to fewer targets at the same time.',
  }),
};

const refusedText: Text = {
  error: 'StoreRefused',
  next: 'Correct the target or the certificate, and deploy again.',
};
const unclearText: Text = { error: 'StoreUnreachable', next: 'Deploy again.' };
const withoutCredentials: Text = {
  error: 'CredentialUnavailable',
  next: 'Give the host an instance profile, or the function a role.',
};
const untrusted: Text = {
  error: 'ServerNotTrusted',
  next: 'Check the proxy and the trusted CAs of the host.',
};

/** The error of a request that is not sent again: what happened, the answer of ACM, and what to do. */
export function errorOf(error: unknown, request: Request): CertferryError {
  if (error instanceof CertferryError) return error;
  const { error: name, next } = textOf(error, request);
  const { action, of, region } = request;
  return new CertferryError(name, `ACM: ${action} of ${of} failed (${shown(error)}). ${next}`, {
    details: { action, of, region, answer: nameOf(error) },
    cause: error,
  });
}

/** The deadline passed while a request was open, or while the agent waited for ACM. */
export function deadlinePassed({ action, of, region }: Request): CertferryError {
  return new CertferryError(
    'StoreUnreachable',
    `ACM: ${action} of ${of} did not end before the deadline of the step. Deploy again.`,
    { details: { action, of, region } },
  );
}

function textOf(error: unknown, request: Request): Text {
  const known = texts[nameOf(error)];
  if (known !== undefined) return known(request);
  if (noCredentials.has(nameOf(error))) return withoutCredentials;
  if (isUntrusted(error)) return untrusted;
  return meaningOf(error) === 'refused' ? refusedText : unclearText;
}

/** Codes of Node for a certificate that it does not trust, here that of the endpoint of AWS. */
function isUntrusted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(ERR_TLS_CERT|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(VERIFY|GET_ISSUER))/.test(code);
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

function statusOf(error: unknown): number {
  const metadata = (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata;
  return metadata?.httpStatusCode ?? 0;
}

const shownCharacters = 300;

/** Name and message of the service, which quotes no content of the request. */
function shown(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
  return text.replace(/\p{Cc}/gu, ' ').slice(0, shownCharacters);
}
