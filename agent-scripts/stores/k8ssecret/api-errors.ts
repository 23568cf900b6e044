import { ApiException } from '@kubernetes/client-node';
import * as z from 'zod/mini';
import { CertferryError, type ErrorName, isCertferryError } from '../../../core/errors.ts';
import type { SecretName } from './secret.ts';

/** A request for one Secret, for its errors. */
export interface SecretRequest extends SecretName {
  readonly verb: 'get' | 'create' | 'patch' | 'delete';
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const Status = z.object({
  kind: z.literal('Status'),
  reason: z._default(z.string(), ''),
  message: z._default(z.string(), ''),
  details: z._default(
    z.object({
      kind: z._default(z.string(), ''),
      causes: z._default(z.array(z.object({ message: z._default(z.string(), '') })), []),
    }),
    { kind: '', causes: [] },
  ),
});
type Status = z.infer<typeof Status>;

/** A refusal of the API server. `status` is null if the body is not from the API. */
export interface Refusal {
  readonly code: number;
  readonly status: Status | null;
}

/** The refusal in an error of the client library. Null for any other error. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof ApiException)) return null;
  const exception = error as ApiException<unknown>;
  return { code: exception.code, status: readStatus(exception.body) };
}

function readStatus(body: unknown): Status | null {
  try {
    return Status.parse(typeof body === 'string' ? JSON.parse(body) : body);
  } catch {
    return null;
  }
}

/** Whether the refusal means that the Secret does not exist. */
export function isAbsent({ code, status }: Refusal): boolean {
  return code === 404 && status?.details.kind === 'secrets';
}

interface Text {
  readonly reason: ErrorName;
  readonly next: string;
}

/**
 * The error of a request. It has reason and message of the API server, without
 * anything that has the form of a key or a token.
 */
export function errorOf(error: unknown, request: SecretRequest): CertferryError {
  if (isCertferryError(error)) return error;
  const refusal = refusalOf(error);
  if (refusal === null) return unreadableAnswer(request);
  const { reason: name, next } = textOf(refusal, request);
  const { verb, namespace, name: secret } = request;
  const reason = refusal.status?.reason ?? '';
  return new CertferryError(
    name,
    `Kubernetes refused to ${verb} the Secret ${secret} in the namespace ${namespace} (${shown(refusal)}). ${next}`,
    { details: { verb, resource: 'secrets', namespace, secret, status: refusal.code, reason } },
  );
}

function textOf(refusal: Refusal, request: SecretRequest): Text {
  if (refusal.code >= 500)
    return { reason: 'StoreUnreachable', next: 'Deploy again when the cluster is healthy.' };
  return (texts[refusal.code] ?? refused)(request, refusal);
}

const refused = (): Text => ({
  reason: 'StoreRefused',
  next: 'Correct the target or the policy of the cluster.',
});

const texts: Readonly<Record<number, (request: SecretRequest, refusal: Refusal) => Text>> = {
  401: () => ({
    reason: 'CredentialRefused',
    next: 'Replace the credential of the target; it is unknown or expired.',
  }),
  403: ({ verb, namespace, name }, { status }) =>
    isMissingPermission(status)
      ? {
          reason: 'CredentialRefused',
          next: `Allow the verb ${verb} on the resource secrets, name ${name}, in the namespace ${namespace}: certferry schema k8ssecret --rbac.`,
        }
      : refused(),
  404: ({ namespace }, { status }) =>
    status?.details.kind === 'namespaces'
      ? { reason: 'PlanInvalid', next: `Create the namespace ${namespace}, or correct namespace.` }
      : { reason: 'StoreRefused', next: 'Check server: this address does not serve the API of Kubernetes.' },
};

/** RBAC names the verb; a 403 of an admission plugin does not. */
function isMissingPermission(status: Status | null): boolean {
  return status === null || /\bcannot \S+ resource\b/.test(status.message);
}

function unreadableAnswer({ verb, namespace, name }: SecretRequest): CertferryError {
  return new CertferryError(
    'StoreUnreachable',
    `The answer to ${verb} the Secret ${name} in the namespace ${namespace} is not one of the API of Kubernetes. Check server and the proxies before it.`,
    { details: { verb, resource: 'secrets', namespace, secret: name } },
  );
}

const shownCharacters = 400;
/** The server shows refused values: after an unknown field in a patch, the whole Secret. */
const refusedValue = /Invalid value: "(?:[^"\\]|\\.)*"/g;
/** As long as a line of PEM or a part of a token; names have hyphens. */
const secretLike = /[A-Za-z0-9+/=_]{32,}/g;

function shown({ code, status }: Refusal): string {
  const messages = [status?.message ?? '', ...(status?.details.causes ?? []).map(({ message }) => message)];
  const text = [...new Set(messages)].filter((message) => message !== '').join('; ');
  const safe = text
    .replace(refusedValue, 'Invalid value')
    .replace(secretLike, '…')
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, shownCharacters);
  return [`HTTP ${code}`, safe].filter((part) => part !== '').join(': ');
}
