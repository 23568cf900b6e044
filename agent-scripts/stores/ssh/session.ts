import { connect, type Socket } from 'node:net';
import ssh2, { type Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import type { CredentialValues } from '../../../core/deployment/job.ts';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import type { SshConfig } from '../../../core/targets/kinds/ssh.ts';
import { authMethods } from './authentication.ts';
import { algorithmsFor, judgeHostKey, type TrustedKeys } from './host-key.ts';
import { unreachable } from './problems.ts';
import { correctSignatures } from './user-certificate.ts';

/** Milliseconds until the connection is authenticated. A shorter deadline of the step ends it earlier. */
const connectMilliseconds = 30_000;

/** An authenticated connection with an SFTP session. */
export interface Session {
  readonly client: Client;
  readonly sftp: SFTPWrapper;
  /** The key that the server has proved to own, as `SHA256:` and base64. */
  readonly hostKey: string;
  /** Whether the connection still exists, as far as this side can tell. */
  isOpen(): boolean;
  /**
   * Runs one request.
   * @throws CertferryError StoreUnreachable if the connection is lost, or the deadline passes, before its answer
   */
  request<Value>(
    start: (done: (error: Error | null | undefined, value?: Value) => void) => void,
  ): Promise<Value>;
  /**
   * Sends all requests that `start` begins in one write: a lost connection delivers all of them or none, unless it splits
   * a segment of TCP.
   */
  together<Value>(start: () => Value): Value;
  close(): Promise<void>;
}

export interface SessionAccess {
  readonly config: Pick<SshConfig, 'address' | 'port' | 'user'>;
  readonly credentials: CredentialValues;
  readonly trusted: TrustedKeys;
  readonly signal: AbortSignal;
}

/** `user@address:port`, for messages. */
export function serverOf({ address, port, user }: SessionAccess['config']): string {
  return `${user}@${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/**
 * Connects and authenticates. Credentials are sent only after the server has proved that it owns a trusted host key.
 * @throws CertferryError StoreUnreachable, ServerNotTrusted, CredentialRefused, StoreRefused if the server has no SFTP
 */
export async function openSession(access: SessionAccess): Promise<Session> {
  const { config, signal, trusted } = access;
  const server = serverOf(config);
  const methods = authMethods(config.user, access.credentials);
  const client = new ssh2.Client();
  // requests are small and wait for each other: Nagle's algorithm would delay each by 40 ms
  const socket = connect({ host: config.address, port: config.port, noDelay: true });
  const loss = Promise.withResolvers<never>();
  // a loss between two requests has no listener
  loss.promise.catch(() => undefined);
  let open = true;
  let seen: string | null = null;
  let refusal: CertferryError | null = null;

  const fail = (error: CertferryError): void => {
    if (!open) return;
    open = false;
    loss.reject(error);
    client.destroy();
  };
  const lose = (): void => fail(refusal ?? unreachable(server, 'the connection was lost'));
  const onAbort = (): void =>
    fail(unreachable(server, 'the server did not answer before the deadline', signal.reason));
  client.on('error', (error) => fail(refusal ?? problemOf(server, error)));
  client.on('close', lose);
  signal.addEventListener('abort', onAbort, { once: true });

  const request: Session['request'] = (start) => {
    if (signal.aborted) onAbort();
    const answer = new Promise<never>((resolve, reject) => {
      if (!open) return;
      start((error, value) => {
        if (error instanceof Error && isLoss(error)) lose();
        else if (error) reject(error);
        else resolve(value as never);
      });
    });
    return Promise.race([loss.promise, answer]);
  };
  const together: Session['together'] = (start) => {
    socket.cork();
    try {
      return start();
    } finally {
      socket.uncork();
    }
  };
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort);
    if (!open) return;
    open = false;
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.end();
    const destroyed = setTimeout(() => client.destroy(), 1_000);
    await closed;
    clearTimeout(destroyed);
  };

  try {
    await request<void>((done) => {
      client.once('ready', () => done(null));
      client.connect({
        ...connectionOf(access, socket),
        authHandler: methods as NonNullable<ConnectConfig['authHandler']>,
        hostVerifier: (blob: Buffer) => {
          const judgement = judgeHostKey(server, blob, trusted);
          seen = judgement.fingerprint;
          refusal = judgement.refusal;
          return judgement.refusal === null;
        },
      });
      correctSignatures(client);
    });
    const sftp = await request<SFTPWrapper>((done) => client.sftp((error, wrapper) => done(error, wrapper)));
    sftp.on('error', (error: Error) => fail(unreachable(server, error.message, error)));
    sftp.on('close', lose);
    return { client, sftp, hostKey: String(seen), isOpen: () => open, request, together, close };
  } catch (error) {
    await close();
    if (isCertferryError(error)) throw error;
    throw new CertferryError(
      'StoreRefused',
      `${server} offers no SFTP; enable the subsystem sftp in its sshd_config`,
      { details: { server }, cause: error },
    );
  }
}

function connectionOf({ config, trusted }: SessionAccess, sock: Socket): ConnectConfig {
  const algorithms = algorithmsFor(trusted);
  return {
    sock,
    username: config.user,
    readyTimeout: connectMilliseconds,
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    ...(algorithms !== null && {
      algorithms: { serverHostKey: algorithms } as unknown as NonNullable<ConnectConfig['algorithms']>,
    }),
  };
}

/** Texts of ssh2 1.17 for a request that is not answered any more. */
function isLoss({ message }: Error): boolean {
  return /^(No response from server|Not connected|Connection lost|Channel (closed|open failure: .*closed))/.test(
    message,
  );
}

function problemOf(server: string, error: Error & { readonly level?: string }): CertferryError {
  if (error.level === 'client-authentication' || error.level === 'agent') {
    return new CertferryError(
      'CredentialRefused',
      `${server} refused every configured way to log in. Check the user and the credentials of the target, and that the server allows this kind of login`,
      { details: { server }, cause: error },
    );
  }
  if (/no matching host key format/i.test(error.message)) {
    return new CertferryError(
      'ServerNotTrusted',
      `${server} has no host key of a configured type; nothing was sent to it. Compare hostKey of the target with the output of "ssh-keyscan"`,
      { details: { server }, cause: error },
    );
  }
  return unreachable(server, error.message, error);
}
