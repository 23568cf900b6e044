import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { SecretPlan } from '../../agent-scripts/stores/k8ssecret/plan.ts';
import type { Desired } from '../../agent-scripts/stores/store.ts';
import {
  base64,
  type Cluster,
  readSecret,
  removeSecrets,
  type SecretObject,
  secretName,
} from '../rigs/kubernetes.ts';
import { type FaultyApi, startFaultyApi } from '../rigs/kubernetes-api.ts';
import { aDesired } from '../rigs/secret-store.ts';

export type NewVersion = Extract<Desired<SecretPlan>, { kind: 'bundle' }>;

export const backupName = `${secretName}.certferry`;

/** What the tests of Secrets share. The fields exist once the tests run. */
export interface SecretSite {
  readonly cluster: Cluster;
  /** The cluster behind a proxy that can break requests. */
  readonly api: FaultyApi;
  readonly previous: NewVersion;
  readonly next: NewVersion;
}

/** Starts a cluster for the tests of one `describe`, and removes the Secrets before each test. */
export function secretSite(start: () => Promise<Cluster>): SecretSite {
  const site: { -readonly [Field in keyof SecretSite]?: SecretSite[Field] } = {};
  beforeAll(async () => {
    site.cluster = await start();
    site.api = await startFaultyApi(site.cluster);
    site.previous = await aDesired();
    site.next = await aDesired();
  });
  afterAll(async () => {
    await site.api?.close();
    await site.cluster?.close();
  });
  beforeEach(async () => {
    const { api, cluster } = site as SecretSite;
    api.fault = null;
    await removeSecrets(cluster);
  });
  return site as SecretSite;
}

/** `data` of a Secret with this version. */
export function dataOf({ bundle }: NewVersion) {
  return {
    'tls.crt': base64([bundle.leaf, ...bundle.chain].join('')),
    'tls.key': base64(bundle.key),
  };
}

/** A Secret of an operator, with a key, a label and an annotation that certferry must keep. */
export function aTlsSecret(version: NewVersion) {
  return {
    metadata: { labels: { team: 'web' }, annotations: { note: 'kept' } },
    type: 'kubernetes.io/tls',
    data: { ...dataOf(version), 'ca.crt': base64('the CA') },
  };
}

/** What a user sees of a Secret, without what the API server counts. */
export function contentOf(secret: SecretObject | null) {
  return secret === null
    ? null
    : {
        type: secret.type,
        data: secret.data ?? {},
        labels: secret.metadata.labels ?? {},
        annotations: secret.metadata.annotations ?? {},
      };
}

/** The data of the backup Secret. */
export async function backupOf({ cluster }: SecretSite): Promise<Readonly<Record<string, string>>> {
  return (await readSecret(cluster, backupName))?.data ?? {};
}
