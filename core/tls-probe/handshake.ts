/**
 * One handshake with one address, to read the served certificates. It verifies nothing, resumes no session and sends no
 * application data. The socket is destroyed when the promise settles.
 *
 * Gotchas: `getPeerX509Certificate` works only once, because it takes the chain out of the session. It is the only way to
 * get the certificates in the order sent (`getPeerCertificate` sorts them).
 */
import { constants, type X509Certificate } from 'node:crypto';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import pLimit from 'p-limit';
import type { KeyAlgorithm } from '../deployment/version.ts';
import { probeError, toProbeError } from '../probe-failure.ts';
import type { ProbeProtocol } from '../targets/kinds/probe-protocol.ts';
import { supportsX25519 } from '../x25519.ts';
import { boundConnection } from './bounded-connection.ts';
import { converse } from './starttls/conversation.ts';
import { dialects } from './starttls/dialects.ts';

export interface HandshakeOptions {
  readonly address: string;
  readonly port: number;
  readonly protocol: ProbeProtocol;
  /** The name sent by SNI; nothing is sent for an IP address or null (RFC 6066 §3). */
  readonly serverName: string | null;
  /** For all of it: connection, STARTTLS and TLS. */
  readonly timeoutSeconds: number;
  /** Accept only certificates with this key algorithm; null accepts any. */
  readonly keyAlgorithm: KeyAlgorithm | null;
  /** Aborts the handshake before `timeoutSeconds`. */
  readonly signal?: AbortSignal | undefined;
}

/** The certificates that a server sent: the leaf, and the others in the order sent. */
export interface HandshakeResult {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  /** Such as `TLSv1.3`. */
  readonly tlsVersion: string;
  readonly cipher: string;
}

/**
 * The connections of a process at one time. A sweep probes up to 100 endpoints in parallel, each with all its addresses;
 * a function may open 1,024 files (docs.aws.amazon.com/lambda, "Lambda quotas").
 */
const connections = pLimit(256);

/** @throws CertferryError ProbeFailed, ProbeUnavailable */
export function handshake(options: HandshakeOptions): Promise<HandshakeResult> {
  return connections(() => connectAndRead(options));
}

async function connectAndRead(options: HandshakeOptions): Promise<HandshakeResult> {
  const { address: host, port, signal } = options;
  const socket = netConnect({ host, port, ...(signal !== undefined && { signal }) });
  socket.on('error', () => {}); // each stage has its own listener; this one catches errors between two stages
  try {
    return await withDeadline(stages(socket, options), options.timeoutSeconds);
  } catch (cause) {
    throw toProbeError(cause);
  } finally {
    socket.destroy();
  }
}

async function stages(socket: Socket, options: HandshakeOptions): Promise<HandshakeResult> {
  await connected(socket);
  const { stream, exceeded } = boundConnection(socket);
  return await Promise.race([exchange(stream, options), exceeded]);
}

async function exchange(stream: Duplex, options: HandshakeOptions): Promise<HandshakeResult> {
  const dialect = dialects[options.protocol];
  if (dialect !== null) await converse(stream, dialect);
  return await readServed(stream, options);
}

async function withDeadline<T>(work: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(probeError(`no answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
}

function readServed(socket: Duplex, options: HandshakeOptions): Promise<HandshakeResult> {
  return new Promise((resolve, reject) => {
    const secure = tlsConnect({ socket, ...offer(options) });
    let early: HandshakeResult | null = null;
    secure.on('keylog', () => {
      early ??= provenEarly(secure);
    });
    secure.once('secureConnect', () => {
      const served = early ?? read(secure);
      if (served === null) reject(probeError('the server sends no certificate'));
      else resolve(served);
    });
    const failed = (cause?: Error) => {
      if (early !== null) resolve(early);
      else reject(cause ?? probeError('the connection was closed before the handshake completed'));
    };
    secure.on('error', failed).once('close', () => failed());
  });
}

/**
 * A TLS 1.2 server that requires a client certificate aborts the handshake. Before that, it sends its own certificate and,
 * with an ephemeral key exchange, a signature. OpenSSL has verified that signature by the time keys exist.
 */
function provenEarly(secure: TLSSocket): HandshakeResult | null {
  const cipher = secure.getCipher();
  if (secure.getProtocol() !== 'TLSv1.2' || !/^(EC)?DHE-/.test(cipher?.name ?? '')) return null;
  return read(secure);
}

function read(secure: TLSSocket): HandshakeResult | null {
  const leaf = secure.getPeerX509Certificate();
  if (leaf === undefined) return null;
  const chain: X509Certificate[] = [];
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) chain.push(next);
  return { leaf, chain, tlsVersion: String(secure.getProtocol()), cipher: secure.getCipher().name };
}

/**
 * Groups without a post-quantum key share: with one, the ClientHello of Node 24 has 1,592 bytes, more than one packet, and
 * old load balancers hang. P-521 is included because TLS 1.2 also applies the groups to the curve of the certificate.
 * OpenSSL in FIPS mode refuses the whole list if it contains X25519.
 */
const groups = supportsX25519() ? 'P-256:P-384:X25519:P-521' : 'P-256:P-384:P-521';

const tls13Suites = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/**
 * Suites and signature algorithms for one key algorithm, so that a server with several certificates must choose that one.
 * SHA-1 has the OpenSSL names, because the OpenSSL of Node 20 does not know all names of RFC 8446.
 */
const pins: Readonly<Record<KeyAlgorithm, { suites: string; sigalgs: string }>> = {
  rsa: {
    suites: ':!aECDSA',
    sigalgs: [
      'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512',
      'rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512',
      'rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512:RSA+SHA1',
    ].join(':'),
  },
  ec: {
    suites: ':!aRSA',
    sigalgs: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ECDSA+SHA1',
  },
  ed25519: { suites: ':!aRSA', sigalgs: 'ed25519' },
  // TLS 1.3 only, from OpenSSL 3.5 on (draft-ietf-tls-mldsa)
  'ml-dsa': { suites: '', sigalgs: 'mldsa44:mldsa65:mldsa87' },
};

/** The weakest settings that OpenSSL still allows: a probe does not judge the strength of a server. */
function offer({ serverName, keyAlgorithm }: HandshakeOptions) {
  const pin = keyAlgorithm === null ? null : pins[keyAlgorithm];
  return {
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: `${tls13Suites}:DEFAULT${pin?.suites ?? ''}:@SECLEVEL=0`,
    ecdhCurve: groups,
    secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
    ...(pin === null ? {} : { sigalgs: pin.sigalgs }),
    ...(serverName === null || isIP(serverName) !== 0 ? {} : { servername: serverName }),
  } as const;
}
