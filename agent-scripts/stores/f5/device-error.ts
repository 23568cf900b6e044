import * as z from 'zod/mini';
import { CertferryError, type ErrorName } from '../../../core/errors.ts';
import { presentableOutput } from '../../host/presentable-output.ts';
import { type DeviceAnswer, type DeviceRequest, pathOf } from './device-request.ts';

/** `{"code":400,"message":"01070317:3: …","errorStack":[],"apiError":3}` */
const ErrorBody = z.object({ message: z.string() });

/** The message of an error; empty if the answer has none. */
export function messageOf({ body }: DeviceAnswer): string {
  const read = ErrorBody.safeParse(body);
  return read.success ? read.data.message : '';
}

/**
 * Messages of the configuration daemon begin with a number. F5 documents in-use references as K23011574:
 * `01070265:3: The … cannot be deleted because it is in use by …`.
 */
export function isInUse(answer: DeviceAnswer): boolean {
  return answer.status === 400 && messageOf(answer).startsWith('01070265:3');
}

/** The device answers these while it loads a configuration, runs an asynchronous task, or has too many requests. */
export const busyStatuses: readonly number[] = [429, 503];

const names: Readonly<Record<number, ErrorName>> = {
  401: 'CredentialRefused',
  403: 'CredentialRefused',
  408: 'StoreUnreachable',
  409: 'StoreConflict',
  429: 'StoreUnreachable',
};

/** The error of an answer that is no success. `secrets` never appear in it. */
export function deviceError(
  request: DeviceRequest,
  answer: DeviceAnswer,
  secrets: readonly string[],
): CertferryError {
  const message = messageOf(answer);
  const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), message);
  const explained = shown === '' ? 'without a message' : presentableOutput(shown, 'start');
  return new CertferryError(
    nameOf(answer.status, message),
    `BIG-IP answers ${request.method} ${pathOf(request)} with ${answer.status}: ${explained}`,
    { details: { status: answer.status } },
  );
}

function nameOf(status: number, message: string): ErrorName {
  // the limit of tokens of an account, 100 by default, frees itself when tokens expire
  if (status === 400 && message.includes('maximum active login tokens')) return 'StoreUnreachable';
  return names[status] ?? (status >= 500 ? 'StoreUnreachable' : 'StoreRefused');
}
