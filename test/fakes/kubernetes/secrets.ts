// Not simulated: server-side apply, stringData, finalizers, admission webhooks, quotas, watches, metadata rules of names.
import { randomUUID } from 'node:crypto';
import { refusals } from './status.ts';

/** A Secret as the API returns it. */
export interface StoredSecret {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
    readonly managedFields: readonly ManagedFields[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
  readonly type: string;
}

interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Update';
  readonly apiVersion: 'v1';
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Readonly<Record<string, object>>;
}

/** A Secret in a request, after decoding. */
export interface SentSecret {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
  readonly type?: string;
}

/** The options of a write, from the query. */
export interface Writing {
  readonly dryRun: boolean;
  readonly manager: string;
}

const modified =
  'the object has been modified; please apply your changes to the latest version and try again';
const byteLimit = 1024 * 1024;

/** The Secrets of one cluster, with the rules of `pkg/apis/core/validation` for them. */
export function createSecrets() {
  const stored = new Map<string, StoredSecret>();
  let version = 100;

  const keyOf = (namespace: string, name: string) => `${namespace}/${name}`;

  function get(namespace: string, name: string): StoredSecret {
    const found = stored.get(keyOf(namespace, name));
    if (found === undefined) throw refusals.notFound('secrets', name);
    return found;
  }

  function put(
    secret: StoredSecret,
    previous: StoredSecret | null,
    { dryRun, manager }: Writing,
  ): StoredSecret {
    validate(secret, previous);
    if (previous !== null && isSame(secret, previous)) return previous;
    const owned = withManager(secret, previous, manager);
    if (dryRun) return owned;
    version += 1;
    const result = { ...owned, metadata: { ...owned.metadata, resourceVersion: String(version) } };
    stored.set(keyOf(secret.metadata.namespace, secret.metadata.name), result);
    return result;
  }

  return {
    get,
    list: (namespace: string) => [...stored.values()].filter((one) => one.metadata.namespace === namespace),
    create(namespace: string, sent: SentSecret, writing: Writing): StoredSecret {
      const name = sent.metadata?.name ?? '';
      if (sent.metadata?.resourceVersion !== undefined) {
        throw refusals.internal('resourceVersion should not be set on objects to be created');
      }
      const secret: StoredSecret = {
        ...fieldsOf(sent),
        metadata: {
          ...metadataOf(sent),
          name,
          namespace,
          uid: randomUUID(),
          creationTimestamp: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
          managedFields: [],
        },
      };
      validate(secret, null);
      if (stored.has(keyOf(namespace, name))) throw refusals.exists(name);
      return put(secret, null, writing);
    },
    /** A replacement or the result of a merge patch. */
    update(namespace: string, name: string, sent: SentSecret, writing: Writing): StoredSecret {
      const previous = get(namespace, name);
      const { resourceVersion, uid } = sent.metadata ?? {};
      if (uid !== undefined && uid !== previous.metadata.uid) {
        throw refusals.invalid(name, {
          reason: 'FieldValueInvalid',
          message: `Invalid value: "${uid}": field is immutable`,
          field: 'metadata.uid',
        });
      }
      if (resourceVersion !== undefined && resourceVersion !== previous.metadata.resourceVersion) {
        throw refusals.conflict(name, modified);
      }
      const {
        labels: _labels,
        annotations: _annotations,
        ownerReferences: _owners,
        ...kept
      } = previous.metadata;
      const secret = { ...fieldsOf(sent), metadata: { ...kept, ...metadataOf(sent) } };
      return put(secret, previous, writing);
    },
    remove(
      namespace: string,
      name: string,
      preconditions: { uid?: string; resourceVersion?: string },
    ): StoredSecret {
      const previous = get(namespace, name);
      const { uid, resourceVersion } = preconditions;
      if (uid !== undefined && uid !== previous.metadata.uid) {
        throw refusals.conflict(
          name,
          `the UID in the precondition (${uid}) does not match the UID in record (${previous.metadata.uid}). The object might have been deleted and then recreated`,
          'Secret',
        );
      }
      if (resourceVersion !== undefined && resourceVersion !== previous.metadata.resourceVersion) {
        throw refusals.conflict(
          name,
          `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${previous.metadata.resourceVersion}). The object might have been modified`,
          'Secret',
        );
      }
      version += 1;
      stored.delete(keyOf(namespace, name));
      return previous;
    },
  };
}

function fieldsOf({ data, immutable, type }: SentSecret) {
  return {
    apiVersion: 'v1' as const,
    kind: 'Secret' as const,
    ...(data === undefined || Object.keys(data).length === 0 ? {} : { data }),
    ...(immutable === undefined ? {} : { immutable }),
    type: type ?? 'Opaque',
  };
}

function metadataOf({ metadata = {} }: SentSecret) {
  const { labels, annotations, ownerReferences } = metadata;
  return {
    ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
    ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
}

/** ValidateSecret and ValidateSecretUpdate of pkg/apis/core/validation/validation.go. */
function validate(secret: StoredSecret, previous: StoredSecret | null): void {
  const { name } = secret.metadata;
  const data = secret.data ?? {};
  if (previous !== null && secret.type !== previous.type) {
    throw refusals.invalid(name, {
      reason: 'FieldValueInvalid',
      message: `Invalid value: "${secret.type}": field is immutable`,
      field: 'type',
    });
  }
  if (previous?.immutable === true) validateImmutable(secret, previous);
  for (const key of Object.keys(data)) {
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) {
      throw refusals.invalid(name, {
        reason: 'FieldValueInvalid',
        message: `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
        field: `data[${key}]`,
      });
    }
  }
  if (bytesIn(data) > byteLimit) {
    throw refusals.invalid(name, {
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${byteLimit} bytes`,
      field: 'data',
    });
  }
  if (secret.type !== 'kubernetes.io/tls') return;
  for (const key of ['tls.crt', 'tls.key']) {
    if (data[key] === undefined) {
      throw refusals.invalid(name, {
        reason: 'FieldValueRequired',
        message: 'Required value',
        field: `data[${key}]`,
      });
    }
  }
}

function validateImmutable(secret: StoredSecret, previous: StoredSecret): void {
  const { name } = secret.metadata;
  const message = 'Forbidden: field is immutable when `immutable` is set';
  if (secret.immutable !== true) {
    throw refusals.invalid(name, { reason: 'FieldValueForbidden', message, field: 'immutable' });
  }
  if (JSON.stringify(sorted(secret.data)) !== JSON.stringify(sorted(previous.data))) {
    throw refusals.invalid(name, { reason: 'FieldValueForbidden', message, field: 'data' });
  }
}

function bytesIn(data: Readonly<Record<string, string>>): number {
  return Object.values(data).reduce((sum, value) => sum + Buffer.from(value, 'base64').length, 0);
}

/** A write that changes nothing leaves the resourceVersion (k8s.io/apiserver/pkg/storage/etcd3/store.go). */
function isSame(one: StoredSecret, other: StoredSecret): boolean {
  const facts = ({
    metadata: { labels, annotations, ownerReferences },
    data,
    immutable,
    type,
  }: StoredSecret) =>
    JSON.stringify([sorted(labels), sorted(annotations), ownerReferences, sorted(data), immutable, type]);
  return facts(one) === facts(other);
}

function sorted(values: Readonly<Record<string, string>> = {}) {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
}

/**
 * The manager of a write owns the values that it changed, and their former managers no longer do
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). Only values of `data` are recorded.
 */
function withManager(secret: StoredSecret, previous: StoredSecret | null, manager: string): StoredSecret {
  const changed = Object.entries(secret.data ?? {})
    .filter(([key, value]) => previous?.data?.[key] !== value)
    .map(([key]) => key);
  const owners = new Map<string, Set<string>>();
  for (const { manager: one, fieldsV1 } of previous?.metadata.managedFields ?? []) {
    const keys = Object.keys(fieldsV1['f:data'] ?? {}).map((field) => field.slice(2));
    owners.set(one, new Set(keys.filter((key) => key in (secret.data ?? {}) && !changed.includes(key))));
  }
  owners.set(manager, new Set([...(owners.get(manager) ?? []), ...changed]));
  const managedFields = [...owners]
    .filter(([, keys]) => keys.size > 0)
    .map(
      ([name, keys]): ManagedFields => ({
        manager: name,
        operation: 'Update',
        apiVersion: 'v1',
        time: secret.metadata.creationTimestamp,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': Object.fromEntries([...keys].map((key) => [`f:${key}`, {}])) },
      }),
    );
  return { ...secret, metadata: { ...secret.metadata, managedFields } };
}
