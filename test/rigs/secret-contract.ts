import { createPrivateKey, X509Certificate } from 'node:crypto';
import { k8ssecret } from '../../agent-scripts/stores/k8ssecret/connector.ts';
import type { AnyStoreConnector } from '../../agent-scripts/stores/stores.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { backupSecretOf } from '../../core/targets/kinds/k8ssecret.ts';
import type { StoreSite, StoreUnderContract } from '../contract/stores/store-site.ts';
import {
  base64,
  type Cluster,
  namespace,
  readSecret,
  secretName,
  tokens,
  writeSecret,
} from './kubernetes.ts';
import { startFaultyApi } from './kubernetes-api.ts';
import type { Need } from './require-daemon.ts';

/** Secrets under the contract of stores. Each site has a cluster, or a namespace of a cluster, of its own. */
export function secretStore(
  title: string,
  startCluster: () => Promise<Cluster>,
  needs: readonly Need[] = [],
): StoreUnderContract {
  return {
    title,
    kind: 'k8ssecret',
    tested: () => title,
    needs,
    dryRun: 'validated',
    start: async () => aSite(await startCluster()),
  };
}

async function aSite(cluster: Cluster): Promise<StoreSite> {
  const api = await startFaultyApi(cluster);
  let isOpen = true;
  return {
    connector: k8ssecret as AnyStoreConnector,
    config: {
      namespace: cluster.namespace ?? namespace,
      secret: secretName,
      access: 'token',
      server: api.url,
      ca: api.ca,
      token: { secretId: 'token' },
    },
    credentials: { token: tokens.deployer },
    install: ({ leaf, chain, key }) =>
      writeSecret(cluster, {
        type: 'kubernetes.io/tls',
        data: { 'tls.crt': base64([leaf, ...chain].join('')), 'tls.key': base64(key) },
      }),
    installed: async () => {
      const found = await readSecret(cluster);
      return found === null ? null : wholeBundle(found.data ?? {});
    },
    objects: async () => {
      const secrets = [secretName, backupSecretOf(secretName)];
      const found = await Promise.all(secrets.map((name) => readSecret(cluster, name)));
      return found.flatMap((secret, index) =>
        secret === null ? [] : [secrets[index] ?? '', ...Object.keys(secret.data ?? {})],
      );
    },
    requests: () => ({
      all: api.requests.length,
      changing: api.requests.filter(({ method, path }) => method !== 'GET' && !path.includes('dryRun=All'))
        .length,
    }),
    failFrom: (request) => {
      const first = api.requests.length + (request ?? 0) - 1;
      api.fault = request === null ? null : (_, index) => (index >= first ? { kind: 'refuse' } : undefined);
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await api.close();
      await cluster.close();
    },
  };
}

function wholeBundle(data: Readonly<Record<string, string>>): Bundle {
  const textIn = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  const [leaf = '', ...chain] =
    textIn('tls.crt').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];
  const key = textIn('tls.key');
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the key belongs to another leaf');
  }
  const [intermediate] = chain;
  if (
    intermediate === undefined ||
    !new X509Certificate(leaf).checkIssued(new X509Certificate(intermediate))
  ) {
    throw new Error('the chain belongs to another leaf');
  }
  return { leaf, chain, key };
}
