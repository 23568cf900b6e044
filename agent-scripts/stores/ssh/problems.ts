import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import { presentableSentence } from '../../host/presentable-output.ts';

/** The status codes of draft-ietf-secsh-filexfer-02, section 7. */
export const status = { noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

/** The status code of a refused SFTP request. Null for any other error. */
export function statusOf(error: unknown): number | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'number' ? code : null;
}

export function unreachable(server: string, why: string, cause?: unknown): CertferryError {
  return new CertferryError(
    'StoreUnreachable',
    `${server}: ${presentableSentence(why)}; check that the server runs and that its port can be reached from where the agent runs`,
    { details: { server }, cause },
  );
}

/** A request that the server refused for one path. */
export function refused(server: string, action: string, path: string, error: unknown): CertferryError {
  if (isCertferryError(error)) return error;
  const code = statusOf(error);
  const { why, next } = reasons[code ?? -1] ?? {
    why: presentableSentence(error instanceof Error ? error.message : String(error)),
    next: 'see the log of the SSH server',
  };
  return new CertferryError('StoreRefused', `${server} refused to ${action} ${path}: ${why}; ${next}`, {
    details: { server, path, status: code ?? 'none' },
    cause: error,
  });
}

const reasons: Readonly<Record<number, { readonly why: string; readonly next: string }>> = {
  [status.noSuchFile]: {
    why: 'the file or its folder does not exist',
    next: 'create the folder on the server',
  },
  [status.permissionDenied]: {
    why: 'permission denied',
    next: 'let the user of the target read and write there, or configure another user',
  },
  [status.failure]: {
    why: 'the server gave no reason',
    next: 'check on the server that the disk has space and that the file is not protected',
  },
  [status.unsupported]: {
    why: 'the server does not support this request',
    next: 'use a server with the SFTP extensions of OpenSSH',
  },
};
