// Not simulated: HTTP/2, discovery, any resource but Secrets, server-side apply, watches, audit, etcd.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../../fixtures/certificates.ts';
import { decodeSecret, mergePatch } from './decode.ts';
import { authorize, type EksRole, type Identity, isEksToken } from './identities.ts';
import { createSecrets, type Writing } from './secrets.ts';
import { Refused, refusals } from './status.ts';

export interface KubernetesServer {
  readonly url: string;
  /** The CA of the server, in PEM. */
  readonly ca: string;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly tokens: Readonly<Record<string, Identity>>;
  readonly namespaces: readonly string[];
  readonly eks?: EksRole;
}

/** The API server of a cluster, as far as Secrets: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/ */
export async function startKubernetes(options: ServerOptions): Promise<KubernetesServer> {
  const authority = await createAuthority({ name: 'Cluster' });
  const { fullchainPem, keyPem } = await authority.issue({ names: ['localhost', 'kubernetes.default.svc'] });
  const secrets = createSecrets();
  const server = createServer({ cert: fullchainPem, key: keyPem }, (request, response) => {
    textOf(request).then(
      (text) => {
        const { code, body } = answerTo({ request, text, secrets, options });
        response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      },
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.rootPem,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Received {
  readonly request: IncomingMessage;
  readonly text: string;
  readonly secrets: ReturnType<typeof createSecrets>;
  readonly options: ServerOptions;
}

interface Answer {
  readonly code: number;
  readonly body: object;
}

function answerTo(received: Received): Answer {
  try {
    return perform(received);
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, body: error.body };
    throw error;
  }
}

function perform(received: Received): Answer {
  const { request, options } = received;
  const identity = identify(request.headers.authorization, options);
  const url = new URL(request.url ?? '', 'https://cluster');
  const [, namespace, name = ''] =
    /^\/api\/v1\/namespaces\/([^/]+)\/secrets(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  if (namespace === undefined) throw refusals.noSuchPath();
  const verb = verbs[`${request.method} ${name === '' ? 'all' : 'one'}`];
  if (verb === undefined) {
    throw new Refused(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    );
  }
  authorize(identity, { verb, namespace, name });
  return performs[verb]({ ...received, url, namespace, name });
}

type Verb = 'list' | 'create' | 'get' | 'update' | 'patch' | 'delete';
type Perform = (call: Received & { url: URL; namespace: string; name: string }) => Answer;

const performs: Readonly<Record<Verb, Perform>> = {
  list: ({ secrets, namespace }) => ({
    code: 200,
    body: { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items: secrets.list(namespace) },
  }),
  get: ({ secrets, namespace, name }) => ({ code: 200, body: secrets.get(namespace, name) }),
  create: ({ request, text, secrets, options, url, namespace }) => {
    requireType(request, 'application/json');
    const sent = decodeSecret(text, isStrict(url));
    if (!options.namespaces.includes(namespace)) throw refusals.notFound('namespaces', namespace);
    return { code: 201, body: secrets.create(namespace, sent, writingOf(url, request, 'CreateOptions')) };
  },
  update: ({ request, text, secrets, url, namespace, name }) => {
    requireType(request, 'application/json');
    const sent = decodeSecret(text, isStrict(url));
    const writing = writingOf(url, request, 'UpdateOptions');
    return { code: 200, body: secrets.update(namespace, name, sent, writing) };
  },
  patch: ({ request, text, secrets, url, namespace, name }) => {
    requireType(request, 'application/merge-patch+json');
    const writing = writingOf(url, request, 'PatchOptions');
    const sent = mergePatch(secrets.get(namespace, name), text, isStrict(url));
    return { code: 200, body: secrets.update(namespace, name, sent, writing) };
  },
  delete: ({ text, secrets, namespace, name }) => {
    const { preconditions = {} } = (text === '' ? {} : JSON.parse(text)) as { preconditions?: object };
    const { metadata } = secrets.remove(namespace, name, preconditions);
    const details = { name, kind: 'secrets', uid: metadata.uid };
    return {
      code: 200,
      body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
    };
  },
};

const isStrict = (url: URL) => url.searchParams.get('fieldValidation') === 'Strict';

const verbs: Readonly<Record<string, Verb>> = {
  'GET all': 'list',
  'POST all': 'create',
  'GET one': 'get',
  'PUT one': 'update',
  'PATCH one': 'patch',
  'DELETE one': 'delete',
};

function identify(authorization: string | undefined, { tokens, eks }: ServerOptions): Identity {
  const [, token = ''] = /^Bearer (.+)$/.exec(authorization ?? '') ?? [];
  const known = tokens[token];
  if (known !== undefined) return known;
  if (eks !== undefined && isEksToken(token, eks)) return eks.identity;
  throw refusals.unauthorized();
}

function requireType({ headers }: IncomingMessage, expected: string): void {
  if ((headers['content-type'] ?? '').split(';')[0] === expected) return;
  throw refusals.unsupported(
    expected === 'application/json'
      ? 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf'
      : '415: Unsupported Media Type',
  );
}

function writingOf(url: URL, request: IncomingMessage, options: string): Writing {
  const dryRun = url.searchParams.get('dryRun');
  if (dryRun !== null && dryRun !== 'All') {
    throw refusals.invalidOptions(options, {
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ["${dryRun}"]: supported values: "All"`,
      field: 'dryRun',
    });
  }
  const agent = (request.headers['user-agent'] ?? '').split('/')[0] ?? '';
  return { dryRun: dryRun === 'All', manager: url.searchParams.get('fieldManager') ?? agent };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
