import { expect, it } from 'vitest';
import type { SecretPlan } from '../../agent-scripts/stores/k8ssecret/plan.ts';
import type { Desired } from '../../agent-scripts/stores/store.ts';
import { base64, readSecret, secretName, writeSecret } from '../rigs/kubernetes.ts';
import type { ReceivedRequest } from '../rigs/kubernetes-api.ts';
import { aDesired, deploy, openStore } from '../rigs/secret-store.ts';
import { aTlsSecret, backupName, backupOf, contentOf, dataOf, type SecretSite } from './secret-site.ts';

/** What deployments, reversals and rollbacks make of a Secret. */
export function secretChanges(site: SecretSite): void {
  const writes = (requests: readonly ReceivedRequest[]) =>
    requests.filter(({ method }) => method !== 'GET').map(({ method }) => method);

  /** Runs `action` once, just before the first write to the Secret of the target. */
  function beforeWrite(action: () => Promise<void>): void {
    let isDone = false;
    site.api.fault = async ({ method, path }) => {
      const isWrite = method === 'PATCH' && path.includes(`/${secretName}?`);
      if (isDone || !(isWrite || method === 'POST')) return undefined;
      isDone = true;
      await action();
      return undefined;
    };
  }

  it('The first deployment creates a Secret of type kubernetes.io/tls with the marks of certferry', async () => {
    await deploy(site.api, site.next);
    expect(contentOf(await readSecret(site.cluster))).toEqual({
      type: 'kubernetes.io/tls',
      data: dataOf(site.next),
      labels: { 'app.kubernetes.io/managed-by': 'certferry' },
      annotations: {
        'certferry/target': 'web-www.tls',
        'certferry/deployment': 'deployment-1',
        'certferry/fingerprint': site.next.version.fingerprint,
      },
    });
  });

  it('The reversal of a first deployment removes the Secret', async () => {
    const plan = await deploy(site.api, site.next);
    await (await openStore(site.api)).restore(plan);
    expect(await readSecret(site.cluster)).toBeNull();
  });

  it('A deployment keeps other keys, labels and annotations, and its reversal restores the Secret exactly', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const before = contentOf(await readSecret(site.cluster));
    const plan = await deploy(site.api, site.next);
    const changed = contentOf(await readSecret(site.cluster));
    expect(changed).toMatchObject({
      data: { ...dataOf(site.next), 'ca.crt': base64('the CA') },
      labels: { team: 'web' },
      annotations: { note: 'kept', 'certferry/deployment': 'deployment-1' },
    });
    await (await openStore(site.api)).restore(plan);
    expect(contentOf(await readSecret(site.cluster))).toEqual(before);
    expect(await backupOf(site)).toEqual({});
  });

  it('Observing returns the version and compares certificates and key by meaning', async () => {
    await writeSecret(site.cluster, {
      ...aTlsSecret(site.previous),
      data: {
        'tls.crt': base64(
          Buffer.from(dataOf(site.previous)['tls.crt'], 'base64').toString().replaceAll('\n', '\r\n'),
        ),
        'tls.key': dataOf(site.previous)['tls.key'],
      },
    });
    const state = await (await openStore(site.api)).observe();
    expect(state.version).toEqual(site.previous.version);
    expect(state.matches(site.previous.bundle)).toBe(true);
    expect(state.matches(site.next.bundle)).toBe(false);
  });

  it('A rollback installs the version that the earlier deployment replaced', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const of = await deploy(site.api, site.next);
    const rollback: Desired<SecretPlan> = { kind: 'previous', of };
    const plan = await deploy(site.api, rollback, { deploymentId: 'deployment-2' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.previous));
    await (await openStore(site.api)).restore(plan);
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.next));
  });

  it('A rollback without a copy of the previous version is refused before it changes anything', async () => {
    const created = await deploy(site.api, site.next);
    const store = await openStore(site.api, { deploymentId: 'deployment-2' });
    await expect(store.plan({ kind: 'previous', of: created })).rejects.toMatchObject({
      name: 'Irreversible',
    });
    const changed = await deploy(site.api, site.previous, { deploymentId: 'deployment-3' });
    await store.collect([]);
    await expect(store.plan({ kind: 'previous', of: changed })).rejects.toMatchObject({
      name: 'Irreversible',
    });
  });

  it('If only metadata changed since the plan, the deployment succeeds and keeps that change', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    beforeWrite(() => writeSecret(site.cluster, { metadata: { labels: { stage: 'new' } } }));
    await deploy(site.api, site.next);
    expect(contentOf(await readSecret(site.cluster))).toMatchObject({
      data: dataOf(site.next),
      labels: { team: 'web', stage: 'new' },
    });
  });

  it('If another writer changed the certificate since the plan, the deployment ends with StoreConflict and keeps that change', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const other = await aDesired();
    beforeWrite(() => writeSecret(site.cluster, { data: dataOf(other) }));
    await expect(deploy(site.api, site.next)).rejects.toMatchObject({ name: 'StoreConflict' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(other));
  });

  it('If another writer created the Secret since the plan, the deployment ends with StoreConflict', async () => {
    beforeWrite(() => writeSecret(site.cluster, aTlsSecret(site.previous)));
    await expect(deploy(site.api, site.next)).rejects.toMatchObject({ name: 'StoreConflict' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.previous));
  });

  it('The reversal does not overwrite a later change of another writer', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const plan = await deploy(site.api, site.next);
    const other = await aDesired();
    await writeSecret(site.cluster, { data: dataOf(other) });
    await expect((await openStore(site.api)).restore(plan)).rejects.toMatchObject({ name: 'StoreConflict' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(other));
  });

  it('The reversal of a first deployment does not remove a Secret that another writer changes at that moment', async () => {
    const plan = await deploy(site.api, site.next);
    const other = await aDesired();
    let isChanged = false;
    site.api.fault = async ({ method }) => {
      if (method !== 'DELETE' || isChanged) return undefined;
      isChanged = true;
      await writeSecret(site.cluster, { data: dataOf(other) });
      return undefined;
    };
    await expect((await openStore(site.api)).restore(plan)).rejects.toMatchObject({ name: 'StoreConflict' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(other));
  });

  it('Of two deployments at once, one succeeds and the other ends with StoreConflict', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const other = await aDesired();
    const [one, two] = await Promise.all([
      openStore(site.api),
      openStore(site.api, { deploymentId: 'deployment-2' }),
    ]);
    const [first, second] = [await one.plan(site.next), await two.plan(other)];
    const results = await Promise.allSettled([
      one.apply(first.plan, site.next),
      two.apply(second.plan, other),
    ]);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toMatchObject([{ reason: { name: 'StoreConflict' } }]);
    const winner = results[0]?.status === 'fulfilled' ? site.next : other;
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(winner));
  });

  it('Collecting removes the copies that no plan needs, and keeps those of other targets', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const first = await deploy(site.api, site.next);
    const second = await deploy(site.api, site.previous, { deploymentId: 'deployment-2' });
    await writeSecret(
      site.cluster,
      { data: { 'web-www.deployment-1.crt': base64('other') } },
      { name: backupName },
    );
    await (await openStore(site.api)).collect([second]);
    expect(Object.keys(await backupOf(site)).sort()).toEqual([
      'web-www.deployment-1.crt',
      'web-www.tls.deployment-2.crt',
      'web-www.tls.deployment-2.key',
    ]);
    expect(first.deploymentId).toBe('deployment-1');
  });

  it('A dry run sends every write and leaves nothing in the cluster', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const before = await readSecret(site.cluster);
    const store = await openStore(site.api);
    const { plan } = await store.plan(site.next);
    site.api.requests.length = 0;
    expect(await store.validate(plan, site.next)).toEqual({ kind: 'accepted' });
    expect(writes(site.api.requests)).toEqual(['POST', 'PATCH']);
    expect(await readSecret(site.cluster)).toEqual(before);
    expect(await readSecret(site.cluster, backupName)).toBeNull();
  });

  it('A plan sends no write', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    site.api.requests.length = 0;
    await (await openStore(site.api)).plan(site.next);
    expect(writes(site.api.requests)).toEqual([]);
  });
}
