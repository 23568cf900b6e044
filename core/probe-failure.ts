import { CertferryError, isCertferryError } from './errors.ts';

/** The error of a probe that got no certificate from the endpoint. The message names the observed problem. */
export function probeError(message: string, cause?: unknown): CertferryError {
  return new CertferryError('ProbeFailed', message, optionsOf(cause));
}

/** The error of a probe that could not be made: it shows nothing about the endpoint. */
export function unavailableError(message: string, cause?: unknown): CertferryError {
  return new CertferryError('ProbeUnavailable', message, optionsOf(cause));
}

type UnavailableError = CertferryError & { readonly name: 'ProbeUnavailable' };

/** Whether the probe could not be made, because of the probing machine or its name server. */
export function isUnavailable(error: unknown): error is UnavailableError {
  return isCertferryError(error) && error.name === 'ProbeUnavailable';
}

function optionsOf(cause: unknown) {
  const code = codeOf(cause);
  return { details: code === null ? {} : { code }, cause };
}

/** Error codes for an address family that this machine has no route to. */
const noRouteCodes: readonly string[] = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** Whether the probing machine has no route to the address. The state of the endpoint is then unknown. */
export function isNoRoute(error: unknown): boolean {
  return isCertferryError(error) && noRouteCodes.includes(String(error.details.code));
}

/**
 * Errors of the probing machine and of its name server (connect(2), socket(2), getaddrinfo(3)). A daemon that is down after a
 * reload causes none of them. Not in the list: ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH and ENOTFOUND, because
 * an endpoint that does not answer must be rolled back.
 */
const unavailableCodes: ReadonlySet<string> = new Set([
  ...noRouteCodes,
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_MEMORY',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENETDOWN',
  'EACCES',
  'EPERM',
]);

const messages: Readonly<Record<string, string>> = {
  ABORT_ERR: 'the probe was stopped: its time ran out',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the handshake completed',
  EPIPE: 'the connection was closed before the handshake completed',
  ETIMEDOUT: 'the connection attempt timed out',
  EHOSTUNREACH: 'the host cannot be reached (EHOSTUNREACH)',
  ENETUNREACH: 'this machine has no route to it (ENETUNREACH)',
  EADDRNOTAVAIL: 'this machine has no route to it (EADDRNOTAVAIL)',
  EAFNOSUPPORT: 'this machine does not support this address family (EAFNOSUPPORT)',
  ENETDOWN: 'the network of this machine is down (ENETDOWN)',
  EMFILE: 'this process has no free file descriptor (EMFILE)',
  ENFILE: 'this machine has no free file descriptor (ENFILE)',
  ENOBUFS: 'this machine has no free network buffer (ENOBUFS)',
  ENOMEM: 'this machine has no free memory (ENOMEM)',
  EACCES: 'this machine does not permit the connection (EACCES)',
  EPERM: 'this machine does not permit the connection (EPERM)',
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server does not answer',
  EAI_FAIL: 'the name server returns an error (EAI_FAIL)',
  EAI_MEMORY: 'this machine has no free memory (EAI_MEMORY)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the answer is not TLS (does the port need STARTTLS? set protocol)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the answer is not TLS (does the port need STARTTLS? set protocol)',
};

/** Converts an error of a socket, a handshake or a resolver. A CertferryError is returned unchanged. */
export function toProbeError(cause: unknown): CertferryError {
  if (isCertferryError(cause)) return cause;
  const code = codeOf(cause);
  const message = messages[code ?? ''] ?? otherMessage(code, cause);
  return unavailableCodes.has(code ?? '') ? unavailableError(message, cause) : probeError(message, cause);
}

function otherMessage(code: string | null, cause: unknown): string {
  if (code?.startsWith('ERR_SSL_') || code === 'EPROTO')
    return `the TLS handshake failed: ${reasonOf(cause)}`;
  return `the connection failed: ${reasonOf(cause)}`;
}

/** The short reason of OpenSSL if there is one: its message also contains thread ids and source lines. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message;
}

function codeOf(cause: unknown): string | null {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
}
