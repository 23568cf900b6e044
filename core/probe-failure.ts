import { CertferryError, isCertferryError } from './errors.ts';

/** Why a look at an endpoint came to nothing, in words for people. */
export function probeError(words: string, cause?: unknown): CertferryError {
  const code = codeOf(cause);
  return new CertferryError('ProbeFailed', words, { details: code === null ? {} : { code }, cause });
}

/** Codes with which a machine says that it has no way to an address's family at all. */
const noRouteCodes: readonly string[] = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** Whether the machine that looked has no route there, which says nothing about the endpoint. */
export function isNoRoute(error: unknown): boolean {
  return isCertferryError(error) && noRouteCodes.includes(String(error.details.code));
}

const wordsOfCode: Readonly<Record<string, string>> = {
  ABORT_ERR: 'not seen to the end: the time for looking was up',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the handshake was over',
  EPIPE: 'the connection was closed before the handshake was over',
  ETIMEDOUT: 'no answer to the connection attempt',
  EHOSTUNREACH: 'the host cannot be reached (EHOSTUNREACH)',
  ENETUNREACH: 'this machine has no route to it (ENETUNREACH)',
  EADDRNOTAVAIL: 'this machine has no route to it (EADDRNOTAVAIL)',
  EAFNOSUPPORT: 'this machine does not speak this address family (EAFNOSUPPORT)',
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server does not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not answer in TLS (does the port begin in clear, with STARTTLS?)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not answer in TLS (does the port begin in clear, with STARTTLS?)',
};

/** An error of a socket, a handshake or a resolver, in words. One that has words already stays as it is. */
export function toProbeError(cause: unknown): CertferryError {
  if (isCertferryError(cause)) return cause;
  const code = codeOf(cause);
  return probeError(wordsOfCode[code ?? ''] ?? otherWords(code, cause), cause);
}

function otherWords(code: string | null, cause: unknown): string {
  if (code?.startsWith('ERR_SSL_') || code === 'EPROTO')
    return `the TLS handshake failed: ${reasonOf(cause)}`;
  return `the connection failed: ${reasonOf(cause)}`;
}

/** OpenSSL's own short reason where there is one; its message also has thread ids and source lines. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message;
}

function codeOf(cause: unknown): string | null {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
}
