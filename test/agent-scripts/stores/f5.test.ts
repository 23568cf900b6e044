import { afterEach, describe, expect, test } from 'vitest';
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

describe('a deployment to a client-SSL profile', () => {
  test('A deployment replaces key, certificate and chain of the profile in one transaction, and saves it', async () => {
    site = await startBigIp();
    const next = await aNewVersion();

    await deploy(next);

    const { device } = site;
    const patches = calls('PATCH', '/client-ssl/');
    const [commit, ...more] = calls('PATCH', '/transaction/');
    expect(device.serves(profilePath)).toBe(next.version.fingerprint);
    expect(device.serves(profilePath, 0, device.saved)).toBe(next.version.fingerprint);
    expect(patches).toHaveLength(1);
    expect(`/mgmt/tm/transaction/${patches[0]?.headers['x-f5-rest-coordination-id']}`).toBe(commit?.path);
    expect(commit?.headers).not.toHaveProperty('x-f5-rest-coordination-id');
    expect(more).toEqual([]);
    expect(device.transactions.openCount).toBe(0);
  });

  test('After a deployment the BIG-IP has no uploaded file and no token of the agent', async () => {
    site = await startBigIp();

    await deploy(await aNewVersion());

    expect([...site.device.uploads.keys()]).toEqual([]);
    expect([...site.device.tokens.keys()]).toEqual([]);
  });

  test('The objects of the previous version stay on the BIG-IP', async () => {
    site = await startBigIp();
    const before = objectNames(site.device);

    await deploy(await aNewVersion());

    expect(objectNames(site.device)).toEqual(expect.arrayContaining(before));
    expect(objectNames(site.device)).toHaveLength(before.length + 3);
  });

  test.each([13, 14, 17])(
    'Version %i, with its own rule for names, gets the new version',
    async (version) => {
      site = await startBigIp({ version });
      const next = await aNewVersion();

      await deploy(next);

      expect(site.device.serves(profilePath)).toBe(next.version.fingerprint);
      const suffixed = objectNames(site.device).filter((name) => /certferry-.*\.(key|crt)$/.test(name));
      expect(suffixed).toHaveLength(version === 13 ? 3 : 0);
    },
  );

  test('A version without intermediates removes the chain of the previous version', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const leafOnly = { bundle: { ...next.bundle, chain: [] }, version: { ...next.version, chain: [] } };

    await deploy(leafOnly);

    expect(site.device.running.profiles.get(profilePath)?.certKeyChain[0]).not.toHaveProperty('chain');
    const store = await site.open();
    const state = await store.observe();
    expect(state.version).toEqual(leafOnly.version);
    expect(state.matches(leafOnly.bundle)).toBe(true);
    expect(state.matches(next.bundle)).toBe(false);
  });

  test('A chain with several intermediates is one object, and the store recognizes it', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const chain = [...next.bundle.chain, ...site.old.bundle.chain];
    const long = { ...next, bundle: { ...next.bundle, chain } };

    await deploy(long);

    const state = await (await site.open()).observe();
    expect(state.matches(long.bundle)).toBe(true);
    expect(state.matches(next.bundle)).toBe(false);
  });

  test('A chain of more than 512 KiB is uploaded in chunks with their ranges', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const [intermediate = ''] = next.bundle.chain;
    const chain = Array.from({ length: Math.ceil(600_000 / intermediate.length) }, () => intermediate);

    await deploy({ ...next, bundle: { ...next.bundle, chain } });

    const size = chain.length * intermediate.length;
    expect(calls('POST', 'upload-chain').map(({ headers }) => headers['content-range'])).toEqual([
      `0-524287/${size}`,
      `524288-${size - 1}/${size}`,
    ]);
  });

  test('Only the configured entry of a profile with several certificates changes', async () => {
    site = await startBigIp({ entries: ['rsa', 'ecdsa'], config: { certKeyChainName: 'ecdsa' } });
    const next = await aNewVersion();

    await deploy(next);

    expect(site.device.serves(profilePath, 0)).toBe(site.old.version.fingerprint);
    expect(site.device.serves(profilePath, 1)).toBe(next.version.fingerprint);
    expect(site.device.running.profiles.get(profilePath)?.certKeyChain[1]).toMatchObject({ usage: 'SERVER' });
    for (const { body } of calls('PATCH', '/client-ssl/'))
      expect(Object.keys(body)).toEqual(['certKeyChain']);
  });

  test('Several profiles change in one transaction', async () => {
    site = await startBigIp({ profiles: ['www', 'api'] });
    const next = await aNewVersion();

    await deploy(next);

    expect(site.device.serves('/Common/www')).toBe(next.version.fingerprint);
    expect(site.device.serves('/Common/api')).toBe(next.version.fingerprint);
    const headers = calls('PATCH', '/client-ssl/').map((call) => call.headers['x-f5-rest-coordination-id']);
    expect(new Set(headers).size).toBe(1);
  });

  test('The objects are created in the partition of the profile', async () => {
    site = await startBigIp({ partition: 'Tenant' });
    const next = await aNewVersion();

    await deploy(next);

    expect(site.device.serves('/Tenant/www')).toBe(next.version.fingerprint);
    expect(objectNames(site.device).every((name) => name.startsWith('/Tenant/'))).toBe(true);
  });

  test.each(['rsa2048', 'p256', 'p384'] as const)('A key of type %s is installed', async (keyType) => {
    site = await startBigIp();
    const next = versionOf(await aVersion({ keyType }));

    await deploy(next);

    const { version } = await (await site.open()).observe();
    expect(version).toEqual(next.version);
  });

  test('A repeated apply of the same plan changes nothing more', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const store = await site.open();
    const { plan } = await store.plan(desired(next));
    await store.apply(plan, desired(next));
    const before = objectNames(site.device);

    await store.apply(plan, desired(next));

    expect(objectNames(site.device)).toEqual(before);
    expect(calls('PATCH', '/client-ssl/')).toHaveLength(1);
  });
});

describe('a dry run on a BIG-IP', () => {
  test('A dry run lets the BIG-IP validate the transaction and leaves nothing', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const before = objectNames(site.device);
    const store = await site.open();
    const { plan } = await store.plan(desired(next));

    const check = await store.validate(plan, desired(next));

    expect(check).toEqual({ kind: 'accepted' });
    expect(site.device.serves(profilePath)).toBe(site.old.version.fingerprint);
    expect(calls('PATCH', '/transaction/').map(({ body }) => body.validateOnly)).toEqual([true]);
    expect(objectNames(site.device)).toEqual(before);
    expect([...site.device.uploads.keys()]).toEqual([]);
    expect(site.device.transactions.openCount).toBe(0);
  });

  test('A dry run reports the message of the BIG-IP about a key of another certificate', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const wrong = { ...next, bundle: { ...next.bundle, key: (await aNewVersion()).bundle.key } };
    const before = objectNames(site.device);
    const store = await site.open();
    const { plan } = await store.plan(desired(wrong));

    const check = await store.validate(plan, desired(wrong));

    expect(check).toMatchObject({ kind: 'refused', why: expect.stringContaining('01070317:3') });
    expect(objectNames(site.device)).toEqual(before);
  });

  test('After a dry run the device group is in sync', async () => {
    site = await startBigIp({ config: { deviceGroup: 'pair' } });
    const next = await aNewVersion();
    const store = await site.open();
    const { plan } = await store.plan(desired(next));

    await store.validate(plan, desired(next));

    expect(site.device.group.isInSync).toBe(true);
  });
});

describe('a rollback on a BIG-IP', () => {
  test('Restore returns the profile to the previous objects, saves that and removes the new objects', async () => {
    site = await startBigIp();
    const { device } = site;
    const before = objectNames(device);
    const plan = await deploy(await aNewVersion());

    await (await site.open()).restore(plan);

    expect(device.serves(profilePath)).toBe(site.old.version.fingerprint);
    expect(objectNames(device)).toEqual(before);
    device.reboot();
    expect(device.serves(profilePath)).toBe(site.old.version.fingerprint);
    expect(objectNames(device)).toEqual(before);
  });

  test('A rollback returns to the references before the plan, and restore reverses the rollback', async () => {
    site = await startBigIp();
    const next = await aNewVersion();
    const first = await deploy(next);
    const store = await site.open({ deploymentId: 'rollback-1' });
    const back = { kind: 'previous', of: first } as const;
    const { plan, previousVersion } = await store.plan(back);

    await store.apply(plan, back);
    const served = site.device.serves(profilePath);
    await store.restore(plan);

    expect(previousVersion).toEqual(next.version);
    expect(served).toBe(site.old.version.fingerprint);
    expect(site.device.serves(profilePath, 0, site.device.saved)).toBe(next.version.fingerprint);
  });

  test('A rollback to an object that an operator has deleted is refused as Irreversible', async () => {
    site = await startBigIp();
    const plan = await deploy(await aNewVersion());
    site.device.running.files['ssl-key'].delete('/Common/by-hand-default.key');
    const store = await site.open({ deploymentId: 'rollback-1' });

    await expect(store.plan({ kind: 'previous', of: plan })).rejects.toMatchObject(named('Irreversible'));
  });

  test('The repair commands restore the previous references and contain no secret', async () => {
    site = await startBigIp();
    const store = await site.open();
    const { plan } = await store.plan(desired(await aNewVersion()));

    expect(store.repair(plan)).toEqual([
      'tmsh modify ltm profile client-ssl /Common/www cert-key-chain replace-all-with { default { cert /Common/by-hand-default.crt key /Common/by-hand-default.key chain /Common/by-hand-default-chain.crt } }',
      'tmsh save sys config',
      expect.stringMatching(/^rm -f \/var\/config\/rest\/downloads\/certferry-/),
    ]);
  });
});
