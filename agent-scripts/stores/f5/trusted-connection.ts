import { isIP } from 'node:net';
import { connect, getCACertificates, type TLSSocket } from 'node:tls';
import { CertferryError } from '../../../core/errors.ts';

/** Where the management interface is, and how it proves its identity. */
export interface ManagementServer {
  readonly address: string;
  readonly port: number;
  readonly caCertificate?: string | undefined;
  /** `sha256:` and hex digits. */
  readonly certificateFingerprint?: string | undefined;
}

/**
 * Opens a TLS connection and verifies the server before the caller can write to it, so no credential reaches another
 * machine. A fingerprint replaces the check of issuer, name and dates.
 * @throws CertferryError ServerNotTrusted, StoreUnreachable
 */
export function openTrustedConnection(server: ManagementServer, signal: AbortSignal): Promise<TLSSocket> {
  const { address, port } = server;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port,
      // SNI with an address is an error (RFC 6066 section 3)
      ...(isIP(address) === 0 ? { servername: address } : {}),
      ca: trustedAuthorities(server),
      // the result of the check is read below, to report the reason
      rejectUnauthorized: false,
    });
    const abort = () => socket.destroy(new Error('the deadline of the step has passed'));
    signal.addEventListener('abort', abort, { once: true });
    const unreachable = (cause: Error) => {
      reject(
        new CertferryError(
          'StoreUnreachable',
          `BIG-IP ${address}:${port}: no connection: ${cause.message}. Check the address, the port, and the network from the agent to the device.`,
          { cause },
        ),
      );
    };
    socket.once('error', unreachable);
    socket.once('secureConnect', () => {
      socket.off('error', unreachable);
      signal.removeEventListener('abort', abort);
      const problem = problemOf(socket, server);
      if (problem === null) return resolve(socket);
      socket.destroy();
      reject(
        new CertferryError(
          'ServerNotTrusted',
          `BIG-IP ${address}:${port}: the management certificate is not trusted: ${problem}. No credential was sent.`,
        ),
      );
    });
    if (signal.aborted) abort();
  });
}

function trustedAuthorities({ caCertificate }: ManagementServer): string[] {
  if (caCertificate !== undefined) return [caCertificate];
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

function problemOf(socket: TLSSocket, { certificateFingerprint }: ManagementServer): string | null {
  const digest = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
  if (certificateFingerprint === undefined) {
    const { code, message } = (socket.authorizationError ?? {}) as { code?: string; message?: string };
    return socket.authorized ? null : (message ?? code ?? String(socket.authorizationError));
  }
  return `sha256:${digest}` === certificateFingerprint
    ? null
    : `its fingerprint is sha256:${digest ?? 'unknown'}, not ${certificateFingerprint}`;
}
