import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isCertferryError } from '../../../core/errors.ts';
import { anAuthority } from '../../fixtures/certificates.ts';
import { base64, type Cluster, secretName, startStrictCluster, writeSecret } from '../../rigs/kubernetes.ts';
import { type Fault, type FaultyApi, startFaultyApi } from '../../rigs/kubernetes-api.ts';
import { aDesired, openStore } from '../../rigs/secret-store.ts';

/** An answer of the API server. */
const status = (code: number, reason: string, message: string): Fault => ({
  kind: 'answer',
  code,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code }),
});

const secret = {
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': base64('old certificate'), 'tls.key': base64('old key') },
};

/** The key in a request, in the form that the server could show. */
const keyIn = (body: string) => (JSON.parse(body) as typeof secret).data['tls.key'];

describe('Errors of the kind k8ssecret', () => {
  let cluster: Cluster;
  let api: FaultyApi;
  beforeAll(async () => {
    cluster = await startStrictCluster();
    api = await startFaultyApi(cluster);
    await writeSecret(cluster, secret);
  });
  afterAll(async () => {
    await api.close();
    await cluster.close();
  });
  beforeEach(() => {
    api.fault = null;
    api.requests.length = 0;
  });

  async function errorOfWrite(fault: Fault): Promise<Error> {
    const desired = await aDesired();
    const store = await openStore(api);
    const { plan } = await store.plan(desired);
    api.fault = ({ path }) => (path.includes(`/${secretName}?`) ? fault : undefined);
    const error: unknown = await store.apply(plan, desired).catch((thrown: unknown) => thrown);
    if (!isCertferryError(error)) throw new Error('the deployment did not fail');
    return error;
  }

  it.each([
    ['401', status(401, 'Unauthorized', 'Unauthorized'), 'CredentialRefused', 'Replace the credential'],
    [
      '403 of RBAC',
      status(
        403,
        'Forbidden',
        'secrets "www-tls" is forbidden: User "u" cannot patch resource "secrets" in API group "" in the namespace "web"',
      ),
      'CredentialRefused',
      'Allow the verb patch on the resource secrets, name www-tls, in the namespace web',
    ],
    [
      '403 of an admission plugin',
      status(403, 'Forbidden', 'secrets "www-tls" is forbidden: exceeded quota: objects'),
      'StoreRefused',
      'exceeded quota',
    ],
    [
      '400 of an admission webhook',
      status(400, 'BadRequest', 'admission webhook "policy" denied the request: no'),
      'StoreRefused',
      'admission webhook "policy" denied the request',
    ],
    [
      '422',
      status(422, 'Invalid', 'Secret "www-tls" is invalid: data: Too long'),
      'StoreRefused',
      'Too long',
    ],
    [
      '500',
      status(500, 'InternalError', 'etcdserver: request timed out'),
      'StoreUnreachable',
      'request timed out',
    ],
    [
      '503 of a proxy',
      { kind: 'answer', code: 503, body: '<html>' } as const,
      'StoreUnreachable',
      'HTTP 503',
    ],
    [
      'a redirect',
      { kind: 'answer', code: 307, headers: { Location: 'https://other.example/' } } as const,
      'StoreRefused',
      'HTTP 307',
    ],
    [
      'a page',
      { kind: 'answer', code: 200, body: '<html>' } as const,
      'StoreUnreachable',
      'not one of the API',
    ],
    ['a closed connection', { kind: 'refuse' } as const, 'StoreUnreachable', 'did not answer (ECONNRESET)'],
  ])('The answer %s to a write gives the error of its cause', async (_, fault, name, text) => {
    const error = await errorOfWrite(fault);
    expect(error).toMatchObject({ name, message: expect.stringContaining(text) });
  });

  it('A conflict that never ends is StoreConflict', async () => {
    const error = await errorOfWrite(status(409, 'Conflict', 'Operation cannot be fulfilled'));
    expect(error).toMatchObject({
      name: 'StoreConflict',
      message: expect.stringContaining('again and again'),
    });
  });

  it('A request that is refused with 429 is sent again after Retry-After', async () => {
    let refusals = 2;
    api.fault = () => {
      refusals -= 1;
      return refusals < 0 ? undefined : { kind: 'answer', code: 429, headers: { 'Retry-After': '0' } };
    };
    await (await openStore(api)).observe();
    expect(api.requests).toHaveLength(3);
  });

  it.each([
    [
      'while the server refuses with 429',
      { kind: 'answer', code: 429, headers: { 'Retry-After': '3600' } } as const,
    ],
    ['while the server does not answer', { kind: 'hold' } as const],
  ])('The deadline ends a request %s', async (_, fault) => {
    const controller = new AbortController();
    const store = await openStore(api, { signal: controller.signal });
    api.fault = () => {
      setImmediate(() => controller.abort());
      return fault;
    };
    await expect(store.observe()).rejects.toMatchObject({
      name: 'StoreUnreachable',
      message: expect.stringContaining('before the deadline'),
    });
    api.fault = null;
    const { length } = api.requests;
    await expect(store.observe()).rejects.toMatchObject({ name: 'StoreUnreachable' });
    expect(api.requests).toHaveLength(length);
  });

  it('A server with a certificate of another CA gets no request', async () => {
    const { rootPem } = await anAuthority();
    await expect((await openStore(api, { config: { ca: rootPem } })).observe()).rejects.toMatchObject({
      name: 'ServerNotTrusted',
    });
    expect(api.requests).toEqual([]);
  });

  it('The environment cannot disable the verification of the server', async () => {
    const { rootPem } = await anAuthority();
    const { NODE_TLS_REJECT_UNAUTHORIZED: before } = process.env;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const store = await openStore(api, { config: { ca: rootPem } });
      await expect(store.observe()).rejects.toMatchObject({ name: 'ServerNotTrusted' });
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it.each([
    [
      'an unknown field',
      422,
      (text: string) =>
        ` "" is invalid: patch: Invalid value: ${JSON.stringify(text)}: strict decoding error`,
    ],
    ['a webhook', 400, (text: string) => `admission webhook "policy" denied the request: ${text}`],
  ])(
    'A server that shows the key in its refusal of %s leaves no byte of it in the error',
    async (_, code, message) => {
      const desired = await aDesired();
      const store = await openStore(api);
      const { plan } = await store.plan(desired);
      api.fault = ({ path, body }) =>
        path.includes(`/${secretName}?`) ? status(code, 'Invalid', message(keyIn(body))) : undefined;
      const error: unknown = await store.apply(plan, desired).catch((thrown: unknown) => thrown);
      const shown = JSON.stringify([
        error,
        (error as Error).message,
        (error as Error).stack,
        (error as Error).cause,
      ]);
      const key = base64(desired.bundle.key);
      for (let start = 0; start + 16 <= key.length; start += 1)
        expect(shown).not.toContain(key.slice(start, start + 16));
      expect(shown).not.toContain('deployer-token');
    },
  );
});
