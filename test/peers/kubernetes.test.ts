import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { secretsOn } from '../contract/secrets-on.ts';
import { storeContract } from '../contract/store-contract.ts';
import {
  type Cluster,
  removeSecrets,
  secretName,
  secretsPath,
  startStrictCluster,
  tokens,
} from '../rigs/kubernetes.ts';
import { type ApiAnswer, type ApiRequest, ask } from '../rigs/kubernetes-api.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { secretStore } from '../rigs/secret-contract.ts';
import { aNamespaceOf, kubeApiserver, startRealCluster } from './kube-apiserver.ts';

describeWith([kubeApiserver], 'the real API server', () => {
  const scratch = scratchFolder();
  secretsOn('kube-apiserver', () => startRealCluster(join(scratch, 'behaviour')));

  let shared: Cluster;
  let sites = 0;
  beforeAll(async () => {
    shared = await startRealCluster(join(scratch, 'contract'));
  });
  afterAll(async () => {
    await shared?.close();
  });
  storeContract(
    secretStore('k8ssecret (kube-apiserver)', () => {
      sites += 1;
      return aNamespaceOf(shared, `site-${sites}`);
    }),
  );
});

const path = `${secretsPath}/${secretName}`;
const merge = 'application/merge-patch+json';
const tls = { type: 'kubernetes.io/tls', data: { 'tls.crt': 'b25l', 'tls.key': 'dHdv' } };
const secret = (fields: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  ...tls,
  ...fields,
  metadata: { name: secretName, ...(fields as { metadata?: object }).metadata },
});
const create = (fields: object, query = '', token: string = tokens.admin): ApiRequest => ({
  method: 'POST',
  path: `${secretsPath}?fieldManager=one${query}`,
  token,
  body: secret(fields),
});
const patch = (body: unknown, query = '', token: string = tokens.admin): ApiRequest => ({
  method: 'PATCH',
  path: `${path}?fieldManager=two${query}`,
  token,
  type: merge,
  body,
});
const get: ApiRequest = { method: 'GET', path, token: tokens.admin };

/** Requests in order. `{uid}` and `{version}` stand for those of the Secret; the answers to all requests are compared. */
const conversations: readonly (readonly [string, readonly ApiRequest[]])[] = [
  ['a created Secret', [create({}), get, create({})]],
  ['a Secret without its key', [create({ data: { 'tls.crt': 'b25l' } })]],
  [
    'certificates that are not certificates',
    [create({ data: { 'tls.crt': 'Z2FyYmFnZQ==', 'tls.key': '' } }), get],
  ],
  [
    'a merge patch',
    [create({ metadata: { labels: { a: 'b' } } }), patch({ data: { 'tls.crt': 'Zm91cg==' } }), get],
  ],
  [
    'a patch that removes a key',
    [create({ data: { ...tls.data, more: 'b25l' } }), patch({ data: { more: null } }), get],
  ],
  ['a patch that removes a required key', [create({}), patch({ data: { 'tls.key': null } })]],
  ['a patch that changes nothing', [create({}), patch({ data: tls.data }), get]],
  [
    'the current resourceVersion',
    [create({}), patch({ metadata: { resourceVersion: '{version}' }, data: { x: 'b25l' } })],
  ],
  [
    'a stale resourceVersion',
    [create({}), patch({ metadata: { resourceVersion: '1' }, data: { x: 'b25l' } })],
  ],
  ['another uid', [create({}), patch({ metadata: { uid: 'other' }, data: { x: 'b25l' } })]],
  ['a change of the type', [create({}), patch({ type: 'Opaque' })]],
  [
    'an immutable Secret',
    [
      create({ immutable: true }),
      patch({ data: { 'tls.crt': 'Zm91cg==' } }),
      patch({ metadata: { labels: { a: 'b' } } }),
      patch({ immutable: false }),
    ],
  ],
  ['a dry run of a creation', [create({}, '&dryRun=All'), get]],
  ['a dry run of a patch', [create({}), patch({ data: { x: 'b25l' } }, '&dryRun=All'), get]],
  ['an unknown dry run', [create({}, '&dryRun=Some')]],
  [
    'an unknown field',
    [
      create({ colour: 'red' }, '&fieldValidation=Strict'),
      create({ colour: 'red' }, '&fieldValidation=Ignore'),
    ],
  ],
  ['an unknown field in a patch', [create({}), patch({ colour: 'red' }, '&fieldValidation=Strict')]],
  ['invalid base64', [create({ data: { ...tls.data, x: '!' } })]],
  ['an invalid key', [create({ data: { ...tls.data, 'a/b': 'b25l' } })]],
  ['too many bytes', [create({ data: { ...tls.data, x: Buffer.alloc(1024 * 1024).toString('base64') } })]],
  ['a creation with a resourceVersion', [create({ metadata: { resourceVersion: '1' } })]],
  ['an unknown token', [{ ...get, token: 'unknown' }]],
  ['a missing Secret', [get, patch({ data: {} }), { method: 'DELETE', path, token: tokens.admin }]],
  ['a missing namespace', [{ ...create({}), path: '/api/v1/namespaces/absent/secrets' }]],
  [
    'a wrong content type',
    [create({}), { ...patch({ data: {} }), type: 'application/json' }, { ...create({}), type: 'text/plain' }],
  ],
  ['a body that is not JSON', [{ ...create({}), body: '{"kind":' }]],
  ['an unknown path', [{ ...get, path: '/api/v1/namespaces/web/secretz' }]],
  ['a method that a path does not have', [{ ...get, method: 'PATCH', path: secretsPath }]],
  [
    'the permissions of the deployer',
    [
      create({}, '', tokens.deployer),
      { ...get, token: tokens.deployer },
      patch({ data: { x: 'b25l' } }, '', tokens.deployer),
      { ...get, path: secretsPath, token: tokens.deployer },
      { ...get, path: `${secretsPath}/other`, token: tokens.deployer },
      { ...get, path: '/api/v1/namespaces/default/secrets/www-tls', token: tokens.deployer },
      { method: 'PUT', path, token: tokens.deployer, body: secret({}) },
      { method: 'DELETE', path: `${path}.certferry`, token: tokens.deployer },
    ],
  ],
  [
    'the permissions of the reader',
    [
      create({}, '', tokens.reader),
      create({}),
      { ...get, token: tokens.reader },
      patch({ data: {} }, '', tokens.reader),
    ],
  ],
  [
    'a deletion with the right preconditions',
    [
      create({}),
      {
        method: 'DELETE',
        path,
        token: tokens.admin,
        body: { preconditions: { uid: '{uid}', resourceVersion: '{version}' } },
      },
      get,
    ],
  ],
  [
    'a deletion with another resourceVersion',
    [
      create({}),
      {
        method: 'DELETE',
        path,
        token: tokens.admin,
        body: { preconditions: { uid: '{uid}', resourceVersion: '1' } },
      },
      get,
    ],
  ],
  [
    'a deletion with another uid',
    [
      create({}),
      { method: 'DELETE', path, token: tokens.admin, body: { preconditions: { uid: 'other' } } },
      get,
    ],
  ],
  [
    'a replacement',
    [
      create({ metadata: { labels: { a: 'b' } } }),
      {
        method: 'PUT',
        path: `${path}?fieldManager=two`,
        token: tokens.admin,
        body: secret({ data: { ...tls.data, x: 'b25l' } }),
      },
    ],
  ],
];

describeWith([kubeApiserver], 'the strict server and kube-apiserver', () => {
  const scratch = scratchFolder();
  let real: Cluster;
  let strict: Cluster;
  beforeAll(async () => {
    strict = await startStrictCluster();
    real = await startRealCluster(join(scratch, 'compared'));
  });
  afterAll(async () => {
    await real?.close();
    await strict?.close();
  });

  it.each(conversations)('Both give the same answers to %s', async (_, requests) => {
    expect(await answersOf(strict, requests)).toEqual(await answersOf(real, requests));
  });
});

async function answersOf(cluster: Cluster, requests: readonly ApiRequest[]): Promise<unknown[]> {
  await removeSecrets(cluster);
  const answers: unknown[] = [];
  for (const request of requests) {
    const { metadata } = JSON.parse((await ask(cluster, get)).text) as {
      metadata: { uid?: string; resourceVersion?: string };
    };
    const text = request.body === undefined ? undefined : JSON.stringify(request.body);
    const body = typeof request.body === 'string' ? request.body : text;
    const filled = body
      ?.replaceAll('{uid}', metadata.uid ?? '')
      .replaceAll('{version}', metadata.resourceVersion ?? '');
    answers.push(
      comparable(await ask(cluster, filled === undefined ? request : { ...request, body: filled }), metadata),
    );
  }
  return answers;
}

/** The answer without what differs between two clusters: ids, times, counted versions and the fields beside `data`. */
function comparable({ code, text }: ApiAnswer, before: { uid?: string; resourceVersion?: string }): unknown {
  const neutral = [before.uid, before.resourceVersion]
    .filter((value) => value !== undefined)
    .reduce((result, value) => result.replaceAll(`${value}`, 'BEFORE'), text);
  try {
    const body = withoutChance(JSON.parse(neutral));
    return JSON.parse(JSON.stringify({ code, body }).replace(shownSecret, 'Invalid value: the Secret'));
  } catch {
    return { code, text: neutral };
  }
}

/** An error that shows a whole Secret, with its ids and times. */
const shownSecret = /Invalid value: [\\"]+\{.*?\}[\\"]+(?=: strict)/g;

type Json = Record<string, unknown>;

function withoutChance(body: Json): unknown {
  const { metadata, details, ...rest } = body as Json & { metadata?: Json; details?: Json };
  const { uid: _uid, ...neutralDetails } = details ?? {};
  const { uid, resourceVersion, creationTimestamp, managedFields, ...kept } = metadata ?? {};
  return {
    ...rest,
    details: neutralDetails,
    metadata: {
      ...kept,
      isVersioned: resourceVersion === undefined ? 'no' : resourceVersion === 'BEFORE' ? 'unchanged' : 'new',
      has: [uid, creationTimestamp].map((value) => value !== undefined),
      managers: ownersOfData((managedFields ?? []) as readonly ManagedFields[]),
    },
  };
}

interface ManagedFields {
  readonly manager: string;
  readonly fieldsV1: { readonly 'f:data'?: object };
}

function ownersOfData(entries: readonly ManagedFields[]): string[] {
  return entries
    .flatMap(({ manager, fieldsV1 }) =>
      Object.keys(fieldsV1['f:data'] ?? {})
        .filter((field) => field !== '.')
        .map((field) => `${field} ${manager}`),
    )
    .sort();
}
