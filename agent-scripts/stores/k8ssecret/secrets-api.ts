import {
  CoreV1Api,
  createConfiguration,
  PatchStrategy,
  ServerConfiguration,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { ApiAccess } from './api-access.ts';
import { errorOf, isAbsent, refusalOf, type SecretRequest } from './api-errors.ts';
import { fieldManager } from './ownership.ts';
import { type SecretName, StoredSecret } from './secret.ts';
import { connect } from './transport.ts';

/** `changed`: another writer was faster, so the Secret must be read again. */
export type Written = 'written' | 'changed';

/** A new Secret. `data` is base64. */
export interface NewSecret {
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** A merge patch of a Secret. Null removes a value. It is refused if the Secret has another `resourceVersion`. */
export interface SecretPatch {
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly data: Readonly<Record<string, string | null>>;
}

export interface WriteOptions {
  /** true: the API server checks everything and stores nothing. */
  readonly dryRun: boolean;
}

/**
 * The requests of the connector. All may throw CertferryError: StoreUnreachable, StoreRefused, CredentialRefused,
 * ServerNotTrusted, PlanInvalid.
 */
export interface SecretsApi {
  /** Null if it does not exist. */
  read(name: SecretName): Promise<StoredSecret | null>;
  create(name: SecretName, secret: NewSecret, options: WriteOptions): Promise<Written>;
  patch(name: SecretName, patch: SecretPatch, options: WriteOptions): Promise<Written>;
  /** Removes exactly the Secret that was read. */
  remove(name: SecretName, read: StoredSecret): Promise<Written>;
  close(): void;
}

export function openSecretsApi(access: ApiAccess, signal: AbortSignal): SecretsApi {
  const transport = connect(access, signal);
  const client = new CoreV1Api(
    createConfiguration({
      baseServer: new ServerConfiguration(access.server, {}),
      httpApi: transport.library,
      authMethods: { default: bearer(access.token) },
    }),
  );
  return {
    read: (name) => readSecret(client, name),
    create: (name, secret, options) => createSecret(client, name, secret, options),
    patch: (name, patch, options) => patchSecret(client, name, patch, options),
    remove: (name, read) => removeSecret(client, name, read),
    close: transport.close,
  };
}

function bearer(token: string | null) {
  return {
    getName: () => 'bearer token',
    applySecurityAuthentication: (context: { setHeaderParam(name: string, value: string): void }) => {
      context.setHeaderParam('User-Agent', 'certferry');
      if (token !== null) context.setHeaderParam('Authorization', `Bearer ${token}`);
    },
  };
}

async function readSecret(client: CoreV1Api, name: SecretName): Promise<StoredSecret | null> {
  try {
    return StoredSecret.parse(await client.readNamespacedSecret({ ...name }));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== null && isAbsent(refusal)) return null;
    throw errorOf(error, { verb: 'get', ...name });
  }
}

function createSecret(
  client: CoreV1Api,
  { namespace, name }: SecretName,
  { type, labels, annotations, data }: NewSecret,
  options: WriteOptions,
): Promise<Written> {
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { ...labels }, annotations: { ...annotations } },
    type,
    data: { ...data },
  };
  return write({ verb: 'create', namespace, name }, () =>
    client.createNamespacedSecret({ namespace, body, ...writing(options) }),
  );
}

function patchSecret(
  client: CoreV1Api,
  name: SecretName,
  { resourceVersion, annotations, data }: SecretPatch,
  options: WriteOptions,
): Promise<Written> {
  const body = {
    metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
    data,
  };
  return write({ verb: 'patch', ...name }, () =>
    client.patchNamespacedSecret(
      { ...name, body, ...writing(options) },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    ),
  );
}

function removeSecret(client: CoreV1Api, name: SecretName, { metadata }: StoredSecret): Promise<Written> {
  const { uid, resourceVersion } = metadata;
  return write({ verb: 'delete', ...name }, () =>
    client.deleteNamespacedSecret({ ...name, body: { preconditions: { uid, resourceVersion } } }),
  );
}

const writing = ({ dryRun }: WriteOptions) => ({
  fieldManager,
  fieldValidation: 'Strict',
  ...(dryRun ? { dryRun: 'All' } : {}),
});

/** 409: another writer was faster. A Secret that no longer exists was removed by another writer. */
async function write(request: SecretRequest, send: () => Promise<unknown>): Promise<Written> {
  try {
    await send();
    return 'written';
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== null && (refusal.code === 409 || isAbsent(refusal))) return 'changed';
    throw errorOf(error, request);
  }
}
