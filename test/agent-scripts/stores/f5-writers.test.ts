import { afterEach, describe, expect, test } from 'vitest';
import type { F5Plan } from '../../../agent-scripts/stores/f5/plan.ts';
import { account, type DeviceCall } from '../../fakes/big-ip/big-ip.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import {
  aNewVersion,
  type BigIpSite,
  callsTo,
  deployTo,
  desired,
  type OpenOverrides,
  objectNames,
  profilePath,
  startBigIp,
  type Version,
  versionOf,
} from '../../rigs/big-ip.ts';

let site: BigIpSite;
afterEach(() => site.close());

const deploy = (next: Version, overrides: OpenOverrides = {}) => deployTo(site, next, overrides);
const calls = (method: string, part: string) => callsTo(site, method, part);
const named = (name: string) => expect.objectContaining({ name });

describe('objects of older versions', () => {
  test('Collect deletes the objects of deployments that no kept plan needs, and saves that', async () => {
    site = await startBigIp();
    const byHand = objectNames(site.device);
    await deploy(await aNewVersion(), { deploymentId: 'one' });
    const two = await deploy(await aNewVersion(), { deploymentId: 'two' });
    const three = await deploy(await aNewVersion(), { deploymentId: 'three' });

    await (await site.open()).collect([three, two]);
    const all = objectNames(site.device);
    await (await site.open()).collect([three]);

    expect(all).toHaveLength(byHand.length + 9);
    expect(objectNames(site.device).join()).not.toContain('-one');
    expect(objectNames(site.device)).toHaveLength(byHand.length + 6);
    site.device.reboot();
    expect(objectNames(site.device)).toHaveLength(byHand.length + 6);
  });

  test('Collect never deletes an object that certferry has not created or that another profile uses', async () => {
    site = await startBigIp({ profiles: ['www', 'api'], config: { profile: 'www' } });
    const byHand = objectNames(site.device);
    await deploy(await aNewVersion(), { deploymentId: 'one' });
    const used = site.device.running.profiles.get('/Common/www');
    if (used !== undefined) site.device.running.profiles.set('/Common/api', { ...used, name: 'api' });
    await deploy(await aNewVersion(), { deploymentId: 'two' });
    await deploy(await aNewVersion(), { deploymentId: 'three' });

    await (await site.open()).collect([]);

    expect(objectNames(site.device)).toEqual(expect.arrayContaining(byHand));
    expect(objectNames(site.device).filter((name) => name.endsWith('-one'))).toHaveLength(2);
    expect(objectNames(site.device).filter((name) => name.includes('-two'))).toEqual([]);
  });
});

describe('a device group', () => {
  const config = { deviceGroup: 'pair' };

  test('A deployment and its rollback leave the device group in sync', async () => {
    site = await startBigIp({ config });
    const plan = await deploy(await aNewVersion());
    const afterDeployment = site.device.group.isInSync;

    await (await site.open()).restore(plan);

    expect([afterDeployment, site.device.group.isInSync]).toEqual([true, true]);
  });

  test('The agent waits while the device group is synchronizing', async () => {
    site = await startBigIp({ config });
    const store = await site.open();
    const next = await aNewVersion();
    const { plan } = await store.plan(desired(next));
    site.device.group.scripted.push('Changes Pending', 'Syncing');

    await store.apply(plan, desired(next));

    expect(site.device.group.scripted).toEqual([]);
  });

  test('A deployment to a device group with other changes is refused before any change', async () => {
    site = await startBigIp({ config });
    site.device.group.changes += 1;
    const store = await site.open();

    await expect(store.plan(desired(await aNewVersion()))).rejects.toMatchObject(named('StoreConflict'));
  });

  test('A peer that is disconnected during the deployment is an error, and restore can follow', async () => {
    site = await startBigIp({ config });
    const store = await site.open();
    const next = await aNewVersion();
    const { plan } = await store.plan(desired(next));
    site.device.group.isPeerConnected = false;
    const failed = store.apply(plan, desired(next));
    await expect(failed).rejects.toMatchObject(named('StoreUnreachable'));
    site.device.group.isPeerConnected = true;

    await store.restore(plan);

    expect(site.device.serves(profilePath)).toBe(site.old.version.fingerprint);
    expect(site.device.group.isInSync).toBe(true);
  });

  test('A device group that does not exist is refused', async () => {
    site = await startBigIp({ config: { deviceGroup: 'other' } });
    const store = await site.open();

    await expect(store.plan(desired(await aNewVersion()))).rejects.toMatchObject(named('PlanInvalid'));
  });
});

describe('a profile that certferry cannot change', () => {
  const refused = async (next?: Version) => {
    const store = await site.open();
    await expect(store.plan(desired(next ?? (await aNewVersion())))).rejects.toMatchObject(
      named('PlanInvalid'),
    );
    expect(
      site.device.calls.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/login')),
    ).toEqual([]);
  };

  test('A profile that does not exist is refused', async () => {
    site = await startBigIp({ config: { profile: 'other' } });
    await refused();
  });

  test('A profile with several certificates and no certKeyChainName is refused', async () => {
    site = await startBigIp({ entries: ['rsa', 'ecdsa'] });
    await refused();
  });

  test.each([{ inheritCertkeychain: 'true' }, { passphrase: '$M$encrypted' }])(
    'A profile with %o is refused',
    async (settings) => {
      site = await startBigIp();
      const profile = site.device.running.profiles.get(profilePath);
      if (profile !== undefined) site.device.running.profiles.set(profilePath, { ...profile, settings });
      await refused();
    },
  );

  test('A version with an Ed25519 key is refused', async () => {
    site = await startBigIp();
    await refused(versionOf(await aVersion({ keyType: 'ed25519' })));
  });
});

describe('another writer of the profile', () => {
  test('A change between plan and apply is a conflict and is not overwritten', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const other = await aNewVersion();
    const store = await site.open();
    const { plan } = await store.plan(desired(next));
    await deploy(other, { deploymentId: 'other' });

    await expect(store.apply(plan, desired(next))).rejects.toMatchObject(named('StoreConflict'));
    await expect(store.restore(plan)).rejects.toMatchObject(named('StoreConflict'));

    expect(site.device.serves(profilePath)).toBe(other.version.fingerprint);
    expect(objectNames(site.device).join()).not.toContain('deployment-1');
  });

  test('A change immediately before the commit is a conflict and is not overwritten', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const store = await site.open();
    const { plan } = await store.plan(desired(next));
    const changed = { fingerprint: '' };
    site.device.fault = ({ method, path }: DeviceCall) => {
      if (method === 'PATCH' && path.includes('/client-ssl/') && changed.fingerprint === '') {
        const profile = site.device.running.profiles.get(profilePath);
        if (profile !== undefined)
          site.device.running.profiles.set(profilePath, {
            ...profile,
            certKeyChain: profile.certKeyChain.map(({ chain: _, ...entry }) => entry),
          });
        changed.fingerprint = site.device.serves(profilePath);
      }
      return null;
    };

    await expect(store.apply(plan, desired(next))).rejects.toMatchObject(named('StoreConflict'));

    expect(site.device.running.profiles.get(profilePath)?.certKeyChain[0]).not.toHaveProperty('chain');
    expect(calls('PATCH', '/transaction/')).toEqual([]);
  });

  test('Of two agents at once at most one installs its version, and the profile has that one or the previous one', async () => {
    site = await startBigIp();
    const versions = [await aNewVersion(), await aNewVersion()];
    const stores = await Promise.all(['a', 'b'].map((deploymentId) => site.open({ deploymentId })));
    const planned = await Promise.all(
      stores.map((store, at) => store.plan(desired(versions[at] as Version))),
    );

    const results = await Promise.allSettled(
      stores.map(async (store, at) => {
        const { plan } = planned[at] as { plan: F5Plan };
        try {
          await store.apply(plan, desired(versions[at] as Version));
        } catch (error) {
          await store.restore(plan).catch(() => undefined);
          throw error;
        }
      }),
    );

    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    const served = site.device.serves(profilePath);
    const expected = winner === -1 ? site.old.version.fingerprint : versions[winner]?.version.fingerprint;
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    expect(served).toBe(expected);
    for (const result of results)
      if (result.status === 'rejected')
        expect(['StoreConflict', 'StoreRefused']).toContain((result.reason as Error).name);
  });

  test('A transId that is no number is refused', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const store = await site.open();
    const { plan } = await store.plan(desired(next));
    const { start } = site.device.transactions;
    site.device.transactions.start = function textual(this: typeof site.device.transactions) {
      return { ...start.call(this), transId: 'abc' as unknown as number };
    };

    await expect(store.apply(plan, desired(next))).rejects.toMatchObject(named('StoreRefused'));
  });
});

describe('secrets', () => {
  test('Neither plan nor errors contain the password, a token or part of a key', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const store = await site.open();
    const { plan } = await store.plan(desired(next));
    site.device.fault = ({ path }) =>
      path.endsWith('/ssl-key')
        ? { kind: 'answer', status: 400, message: `bad ${next.bundle.key} of ${account.password}` }
        : null;

    const failed = await store.apply(plan, desired(next)).catch((error: Error) => error);

    const text = JSON.stringify([plan, (failed as Error).message]);
    for (const secret of [
      account.password,
      next.bundle.key.split('\n')[1] as string,
      ...site.device.tokens.keys(),
    ])
      expect(text).not.toContain(secret);
  });
});
