import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../cli/demo/free-port.ts';
import { isExecutable } from '../../core/paths/is-executable.ts';
import { createAuthority } from '../fixtures/certificates.ts';
import { childEngine } from '../rigs/child.ts';
import { type Cluster, namespace, rulesOf, tokens } from '../rigs/kubernetes.ts';
import { type ApiEndpoint, ask } from '../rigs/kubernetes-api.ts';
import { isInstalled, type Need } from '../rigs/require-daemon.ts';

/** The real API server. certferry does not build it: test/peers/README.md describes how. */
export const kubeApiserver: Need = {
  name: 'KUBE_APISERVER with the path of a kube-apiserver, and etcd (apt-get install etcd-server)',
  met: () => isExecutable(process.env.KUBE_APISERVER ?? '') && isInstalled('etcd'),
};

/** Starts etcd and kube-apiserver in this folder, with the namespace and the roles of the tests. */
export async function startRealCluster(folder: string): Promise<Cluster> {
  mkdirSync(folder, { recursive: true });
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcd = childEngine(
    [
      'etcd',
      ...['--data-dir', join(folder, 'etcd')],
      ...['--listen-client-urls', `http://127.0.0.1:${clientPort}`],
      ...['--advertise-client-urls', `http://127.0.0.1:${clientPort}`],
      ...['--listen-peer-urls', `http://127.0.0.1:${peerPort}`],
      ...['--initial-advertise-peer-urls', `http://127.0.0.1:${peerPort}`],
      ...['--initial-cluster', `default=http://127.0.0.1:${peerPort}`],
    ],
    join(folder, 'etcd.log'),
  );
  const endpoint = { url: `https://localhost:${port}`, ca: await writeFiles(folder) };
  const apiserver = childEngine(
    [
      process.env.KUBE_APISERVER ?? '',
      `--etcd-servers=http://127.0.0.1:${clientPort}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${join(folder, 'server.crt')}`,
      `--tls-private-key-file=${join(folder, 'server.key')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'accounts.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    ],
    join(folder, 'apiserver.log'),
  );
  await etcd.start();
  await apiserver.start();
  await untilReady(endpoint);
  await createNamespace(endpoint, namespace);
  return {
    name: `kube-apiserver ${await versionOf(endpoint)}`,
    ...endpoint,
    close: async () => {
      await apiserver.stop();
      await etcd.stop();
    },
  };
}

/** A namespace of its own in a running cluster, for one site of the contract. Closing it leaves the cluster running. */
export async function aNamespaceOf(cluster: Cluster, name: string): Promise<Cluster> {
  await createNamespace(cluster, name);
  return { ...cluster, namespace: name, close: async () => undefined };
}

/** Writes the files that the flags name. Returns the CA of the server. */
async function writeFiles(folder: string): Promise<string> {
  const authority = await createAuthority({ name: 'Cluster' });
  const { fullchainPem, keyPem } = await authority.issue({ names: ['localhost'] });
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const files = {
    'server.crt': fullchainPem,
    'server.key': keyPem,
    'accounts.pub': accounts.publicKey.export({ type: 'spki', format: 'pem' }),
    'accounts.key': accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'tokens.csv': `${tokens.admin},admin,1,"system:masters"\n${tokens.deployer},deployer,2\n${tokens.reader},reader,3\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  }
  return authority.rootPem;
}

async function untilReady(endpoint: ApiEndpoint): Promise<void> {
  for (;;) {
    const answer = await ask(endpoint, { method: 'GET', path: '/readyz', token: tokens.admin }).catch(
      () => null,
    );
    if (answer?.code === 200) return;
    await wait(100);
  }
}

/** A namespace with the roles of the tests. */
async function createNamespace(endpoint: ApiEndpoint, name: string): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${name}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await create(endpoint, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  for (const [user, rules] of Object.entries(rulesOf)) {
    await create(endpoint, `${rbac}/roles`, {
      apiVersion,
      kind: 'Role',
      metadata: { name: user },
      rules: rules.map((rule) => ({ apiGroups: [''], resources: ['secrets'], ...rule })),
    });
    await create(endpoint, `${rbac}/rolebindings`, {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name: user },
      subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { kind: 'Role', name: user, apiGroup: 'rbac.authorization.k8s.io' },
    });
  }
}

async function create(endpoint: ApiEndpoint, path: string, body: object): Promise<void> {
  const { code, text } = await ask(endpoint, { method: 'POST', path, token: tokens.admin, body });
  if (code !== 201) throw new Error(`kube-apiserver refused ${path}: ${text}`);
}

async function versionOf(endpoint: ApiEndpoint): Promise<string> {
  const { text } = await ask(endpoint, { method: 'GET', path: '/version', token: tokens.admin });
  return (JSON.parse(text) as { gitVersion: string }).gitVersion;
}
