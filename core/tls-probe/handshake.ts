/**
 * One handshake with one address, of which only what is served matters: nothing is verified on the way, no
 * session is resumed, nothing is sent under TLS, and the socket is gone when the promise settles.
 *
 * Gotchas: `getPeerX509Certificate` may be asked once only (it takes the chain out of the session), and is the one way
 * to the certificates in the order they were sent (`getPeerCertificate` sorts them).
 */
import { constants, type X509Certificate } from 'node:crypto';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { KeyAlgorithm } from '../deployment/version.ts';
import { probeError, toProbeError } from '../probe-failure.ts';
import type { ProbeProtocol } from '../targets/kinds/probe-protocol.ts';
import { converse } from './starttls/conversation.ts';
import { dialects } from './starttls/dialects.ts';

export interface Approach {
  readonly address: string;
  readonly port: number;
  readonly protocol: ProbeProtocol;
  /** What to ask for by SNI; an IP address or null asks for nothing (RFC 6066 §3). */
  readonly serverName: string | null;
  /** For the whole of it: connecting, STARTTLS and TLS. */
  readonly timeoutSeconds: number;
  /** Accept only certificates with such a key; null accepts any. */
  readonly keyAlgorithm: KeyAlgorithm | null;
  /** Breaks it off, sooner than `timeoutSeconds` would. */
  readonly signal?: AbortSignal | undefined;
}

/** What a server served, the leaf first and the others as sent. */
export interface Served {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  /** Such as `TLSv1.3`. */
  readonly tlsVersion: string;
  readonly cipher: string;
}

/** Throws ProbeFailed, in words. */
export async function handshake(approach: Approach): Promise<Served> {
  const { address: host, port, signal } = approach;
  const socket = netConnect({ host, port, ...(signal !== undefined && { signal }) });
  socket.on('error', () => {}); // each stage listens for itself; between two of them nobody does
  try {
    return await withDeadline(stages(socket, approach), approach.timeoutSeconds);
  } catch (cause) {
    throw toProbeError(cause);
  } finally {
    socket.destroy();
  }
}

async function stages(socket: Socket, approach: Approach): Promise<Served> {
  await connected(socket);
  const dialect = dialects[approach.protocol];
  if (dialect !== null) await converse(socket, dialect);
  return await presentedOn(socket, approach);
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

function presentedOn(socket: Socket, approach: Approach): Promise<Served> {
  return new Promise((resolve, reject) => {
    const secure = tlsConnect({ socket, ...offer(approach) });
    let early: Served | null = null;
    secure.on('keylog', () => {
      early ??= provenEarly(secure);
    });
    secure.once('secureConnect', () => {
      const served = early ?? read(secure);
      if (served === null) reject(probeError('it serves no certificate'));
      else resolve(served);
    });
    const failed = (cause?: Error) => {
      if (early !== null) resolve(early);
      else reject(cause ?? probeError('the connection was closed before the handshake was over'));
    };
    secure.on('error', failed).once('close', () => failed());
  });
}

/**
 * A TLS 1.2 server that demands a client certificate breaks the handshake off, but only after it has served its
 * own and, with an ephemeral key exchange, signed with its key. By the time keys exist that signature was checked.
 */
function provenEarly(secure: TLSSocket): Served | null {
  const cipher = secure.getCipher();
  if (secure.getProtocol() !== 'TLSv1.2' || !/^(EC)?DHE-/.test(cipher?.name ?? '')) return null;
  return read(secure);
}

function read(secure: TLSSocket): Served | null {
  const leaf = secure.getPeerX509Certificate();
  if (leaf === undefined) return null;
  const chain: X509Certificate[] = [];
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) chain.push(next);
  return { leaf, chain, tlsVersion: String(secure.getProtocol()), cipher: secure.getCipher().name };
}

/**
 * Groups without a post-quantum share: with one, Node 24's ClientHello is 1,592 bytes, over one packet, and old
 * load balancers hang on it. P-521 is here because TLS 1.2 asks these groups about the certificate's curve too.
 */
const groups = 'P-256:P-384:X25519:P-521';

const tls13Suites = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/**
 * Suites and signature algorithms that leave a server with several certificates only those of one key algorithm. SHA-1
 * is spelled OpenSSL's way: the one of Node 20 does not know all of the names in RFC 8446.
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
};

/** As much as OpenSSL can still be talked into: whether a server is too weak is not what a probe asks. */
function offer({ serverName, keyAlgorithm }: Approach) {
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
