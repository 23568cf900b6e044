// Not simulated: translations, warnings in headers, retryAfterSeconds in the body.

/** A refusal of the API server: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export class Refused extends Error {
  readonly code: number;
  readonly body: object;

  constructor(
    code: number,
    reason: string | undefined,
    message: string,
    details: object | undefined = undefined,
  ) {
    super(message);
    this.code = code;
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Messages as in k8s.io/apimachinery/pkg/api/errors/errors.go, compared with the real server in test/peers. */
export const refusals = {
  unauthorized: () => new Refused(401, 'Unauthorized', 'Unauthorized'),
  notFound: (kind: string, name: string) =>
    new Refused(404, 'NotFound', `${kind} "${name}" not found`, { name, kind }),
  noSuchPath: () => new Refused(404, 'NotFound', 'the server could not find the requested resource', {}),
  exists: (name: string) =>
    new Refused(409, 'AlreadyExists', `secrets "${name}" already exists`, { name, kind: 'secrets' }),
  conflict: (name: string, why: string, kind: 'secrets' | 'Secret' = 'secrets') =>
    new Refused(409, 'Conflict', `Operation cannot be fulfilled on ${kind} "${name}": ${why}`, {
      name,
      kind,
    }),
  internal: (message: string) => new Refused(500, undefined, message),
  badRequest: (message: string) => new Refused(400, 'BadRequest', message),
  unsupported: (message: string) => new Refused(415, 'UnsupportedMediaType', message),
  invalid: (name: string, cause: Cause) =>
    new Refused(422, 'Invalid', `Secret "${name}" is invalid: ${cause.field}: ${cause.message}`, {
      name,
      kind: 'Secret',
      causes: [cause],
    }),
  invalidPatch: (cause: Cause) =>
    new Refused(422, 'Invalid', ` "" is invalid: ${cause.field}: ${cause.message}`, { causes: [cause] }),
  invalidOptions: (kind: string, cause: Cause) =>
    new Refused(422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: ${cause.field}: ${cause.message}`, {
      group: 'meta.k8s.io',
      kind,
      causes: [cause],
    }),
  forbidden: (user: string, verb: string, namespace: string, name: string) =>
    new Refused(
      403,
      'Forbidden',
      `secrets${name === '' ? '' : ` "${name}"`} is forbidden: User "${user}" cannot ${verb} resource "secrets" in API group "" in the namespace "${namespace}"`,
      name === '' ? { kind: 'secrets' } : { name, kind: 'secrets' },
    ),
} as const;
