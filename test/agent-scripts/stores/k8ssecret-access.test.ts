import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { k8ssecret } from '../../../agent-scripts/stores/k8ssecret/connector.ts';
import { accessOfPod } from '../../../agent-scripts/stores/k8ssecret/find-access.ts';
import { readKubeconfig } from '../../../agent-scripts/stores/k8ssecret/kubeconfig.ts';
import { K8sSecretConfig } from '../../../core/targets/kinds/k8ssecret.ts';
import type { EksRole } from '../../fakes/kubernetes/identities.ts';
import { type KubernetesServer, startKubernetes } from '../../fakes/kubernetes/server.ts';
import { base64 } from '../../rigs/kubernetes.ts';

const kubeconfig = ({ cluster = {}, user = { token: 'secret-token' } as object } = {}) =>
  JSON.stringify({
    'current-context': 'main',
    clusters: [
      {
        name: 'c',
        cluster: {
          server: 'https://10.0.0.1:6443/',
          'certificate-authority-data': base64('the CA'),
          ...cluster,
        },
      },
    ],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
  });

describe('A kubeconfig', () => {
  it('A token and an embedded CA are read from the current context', () => {
    expect(readKubeconfig(kubeconfig(), undefined)).toEqual({
      server: 'https://10.0.0.1:6443',
      ca: 'the CA',
      serverName: null,
      token: 'secret-token',
      client: null,
    });
  });

  it('An embedded client certificate is read', () => {
    const user = { 'client-certificate-data': base64('certificate'), 'client-key-data': base64('key') };
    expect(readKubeconfig(kubeconfig({ user }), 'main')).toMatchObject({
      token: null,
      client: { certificate: 'certificate', key: 'key' },
    });
  });

  it.each([
    ['a command', { user: { exec: { command: 'aws', apiVersion: 'v1' } } }, 'runs no command'],
    ['a command beside a token', { user: { token: 'x', exec: { command: 'aws' } } }, 'runs no command'],
    ['an auth provider', { user: { 'auth-provider': { name: 'gcp' } } }, 'user.auth-provider'],
    ['the path of a token', { user: { tokenFile: '/etc/shadow' } }, 'user.tokenFile'],
    ['the path of a key', { user: { 'client-key': '/etc/ssl/key.pem' } }, 'user.client-key'],
    ['a password', { user: { username: 'u', password: 'hidden' } }, 'user.username'],
    ['impersonation', { user: { token: 'x', as: 'admin' } }, 'user.as'],
    [
      'no verification',
      { cluster: { 'insecure-skip-tls-verify': true } },
      'cluster.insecure-skip-tls-verify',
    ],
    [
      'the path of a CA',
      { cluster: { 'certificate-authority': '/etc/ca.pem' } },
      'cluster.certificate-authority',
    ],
    ['a proxy', { cluster: { 'proxy-url': 'http://proxy' } }, 'cluster.proxy-url'],
    ['plain HTTP', { cluster: { server: 'http://10.0.0.1' } }, 'only with TLS'],
    ['no credential', { user: {} }, 'no token'],
  ])('A kubeconfig with %s is refused, and its values do not appear', (_, parts, why) => {
    const read = () => readKubeconfig(kubeconfig(parts), undefined);
    expect(read).toThrow(
      expect.objectContaining({ name: 'PlanInvalid', message: expect.stringContaining(why) }),
    );
    expect(read).not.toThrow(/hidden|secret-token|shadow/);
  });

  it.each([
    ['text that is not YAML', '{', undefined],
    ['an unknown context', kubeconfig(), 'other'],
  ])('A kubeconfig with %s is refused', (_, text, context) => {
    expect(() => readKubeconfig(text, context)).toThrow(expect.objectContaining({ name: 'PlanInvalid' }));
  });
});

describe('The service account of a pod', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-pod-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('Token, CA and address of the pod are used', async () => {
    writeFileSync(join(folder, 'token'), 'pod-token\n');
    writeFileSync(join(folder, 'ca.crt'), 'the CA');
    expect(await accessOfPod({ folder, host: 'fd00::1', port: '443' })).toEqual({
      server: 'https://[fd00::1]:443',
      ca: 'the CA',
      serverName: null,
      token: 'pod-token',
      client: null,
    });
  });

  it('Without a service account, the credential is unavailable', async () => {
    await expect(
      accessOfPod({ folder: join(folder, 'absent'), host: 'h', port: '443' }),
    ).rejects.toMatchObject({
      name: 'CredentialUnavailable',
    });
  });
});

describe('A token for EKS', () => {
  const role: EksRole = {
    cluster: 'shop',
    region: 'eu-central-1',
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'an example of a secret',
    identity: { user: 'certferry', rules: 'all' },
  };
  let server: KubernetesServer;
  const environment = { ...process.env };
  beforeAll(async () => {
    server = await startKubernetes({ namespaces: ['web'], tokens: {}, eks: role });
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: role.accessKeyId,
      AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
      AWS_SESSION_TOKEN: 'a session+token/=',
    });
  });
  afterAll(async () => {
    process.env = environment;
    await server.close();
  });

  const observe = async (cluster: string) => {
    const store = await k8ssecret.open({
      config: K8sSecretConfig.parse({
        namespace: 'web',
        secret: 'www-tls',
        access: 'eks',
        cluster,
        region: role.region,
        server: server.url,
        ca: base64(server.ca),
      }),
      targetId: 'www',
      deploymentId: 'd',
      certificate: 'www.example.test',
      credentials: {},
      previous: { find: async () => null },
      signal: new AbortController().signal,
    });
    return await store.observe();
  };

  it('The cluster accepts a token that the role of the agent signed for it', async () => {
    expect(await observe('shop')).toMatchObject({ version: null });
  });

  it('A token for another cluster is refused', async () => {
    await expect(observe('other')).rejects.toMatchObject({ name: 'CredentialRefused' });
  });
});

describe('The configuration of a k8ssecret target', () => {
  const problems = (config: object) =>
    K8sSecretConfig.safeParse({ namespace: 'web', secret: 'www-tls', ...config }).error?.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    ) ?? [];

  it.each([
    [
      'eks without a CA',
      { access: 'eks', cluster: 'c', region: 'eu-central-1', server: 'https://h' },
      'ca: a ca with access: eks',
    ],
    [
      'a token without a server',
      { access: 'token', token: { secretId: 's' } },
      'server: a server with access: eks or token',
    ],
    [
      'a server beside a kubeconfig',
      { access: 'kubeconfig', kubeconfig: { secretId: 's' }, server: 'https://h' },
      'server: no server without access: eks or token',
    ],
    [
      'plain HTTP',
      { access: 'token', token: { secretId: 's' }, server: 'http://h' },
      'server: the https address',
    ],
    [
      'a CA that is no certificate',
      { access: 'token', token: { secretId: 's' }, server: 'https://h', ca: 'abc' },
      'ca: certificates in PEM',
    ],
    [
      'the name of a backup',
      { access: 'inCluster', secret: 'www.certferry' },
      'secret: a name without .certferry',
    ],
    ['an upper-case name', { access: 'inCluster', secret: 'WWW' }, 'secret: the name of a Secret'],
  ])('A target with %s is refused', (_, config, problem) => {
    expect(problems(config)).toEqual([expect.stringContaining(problem)]);
  });
});
