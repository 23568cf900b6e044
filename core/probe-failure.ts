import { CertferryError, isCertferryError } from './errors.ts';

/** The error of a probe that got no certificate. The message names the observed problem. */
export function probeError(message: string, cause?: unknown): CertferryError {
  const code = codeOf(cause);
  return new CertferryError('ProbeFailed', message, { details: code === null ? {} : { code }, cause });
}

/** Error codes for an address family that this machine has no route to. */
const noRouteCodes: readonly string[] = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** Whether the probing machine has no route to the address. The state of the endpoint is then unknown. */
export function isNoRoute(error: unknown): boolean {
  return isCertferryError(error) && noRouteCodes.includes(String(error.details.code));
}

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
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server does not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the answer is not TLS (does the port need STARTTLS? set protocol)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the answer is not TLS (does the port need STARTTLS? set protocol)',
};

/** Converts an error of a socket, a handshake or a resolver. A CertferryError is returned unchanged. */
export function toProbeError(cause: unknown): CertferryError {
  if (isCertferryError(cause)) return cause;
  const code = codeOf(cause);
  return probeError(messages[code ?? ''] ?? otherMessage(code, cause), cause);
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
