import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { F5Config } from '../../../core/targets/kinds/f5.ts';
import type { DeviceCall, Fault } from '../../fakes/big-ip/big-ip.ts';
import { aVersion, createAuthority } from '../../fixtures/certificates.ts';
import {
  type BigIpSite,
  desired,
  objectNames,
  profilePath,
  startBigIp,
  versionOf,
} from '../../rigs/big-ip.ts';

let site: BigIpSite;
afterEach(() => site.close());

const named = (name: string) => expect.objectContaining({ name });

async function aPlan() {
  const next = versionOf(await aVersion());
  const store = await site.open();
  const { plan } = await store.plan(desired(next));
  return { store, plan, next };
}

/** A fault at the n-th request that matches. */
function faultAt(matches: (call: DeviceCall) => boolean, fault: Fault, n = 1): void {
  let seen = 0;
  site.device.fault = (call) => {
    if (!matches(call)) return null;
    seen += 1;
    return seen === n ? fault : null;
  };
}

const isCommit = ({ method, path }: DeviceCall) => method === 'PATCH' && path.includes('/transaction/');

describe('the management certificate of a BIG-IP', () => {
  test('A certificate with the configured fingerprint is trusted without a CA', async () => {
    const management = await aVersion({ names: ['other.example.test'] });
    site = await startBigIp({ certPem: management.certPem, keyPem: management.keyPem });
    const digest = new X509Certificate(management.certPem).fingerprint256.replaceAll(':', '').toLowerCase();
    const config = { caCertificate: undefined, certificateFingerprint: `sha256:${digest}` };

    const store = await site.open({ config });

    expect((await store.observe()).version).toEqual(site.old.version);
  });

  test.each(['another fingerprint', 'another CA', 'another name', 'no CA that the system trusts'] as const)(
    'With %s, the server gets no request and so no credential',
    async (situation) => {
      const management = await aVersion({ names: ['other.example.test'] });
      const isMisnamed = situation === 'another name';
      site = await startBigIp(
        isMisnamed ? { certPem: management.fullchainPem, keyPem: management.keyPem } : {},
      );
      const { rootPem } = await createAuthority({ name: 'Another' });
      const configs = {
        'another fingerprint': {
          caCertificate: undefined,
          certificateFingerprint: `sha256:${'0'.repeat(64)}`,
        },
        'another CA': { caCertificate: rootPem },
        'another name': {},
        'no CA that the system trusts': { caCertificate: undefined },
      };

      await expect(site.open({ config: configs[situation] })).rejects.toMatchObject(
        named('ServerNotTrusted'),
      );

      expect(site.device.calls).toEqual([]);
    },
  );

  test('A configuration with a CA and a fingerprint is refused', async () => {
    site = await startBigIp();
    const config = { ...site.config, certificateFingerprint: `sha256:${'0'.repeat(64)}` };

    expect(F5Config.safeParse(config).success).toBe(false);
    expect(F5Config.safeParse({ ...site.config, insecure: true }).success).toBe(false);
  });
});

describe('the session with a BIG-IP', () => {
  test('A wrong password is refused as CredentialRefused', async () => {
    site = await startBigIp();

    await expect(site.open({ password: 'wrong' })).rejects.toMatchObject(named('CredentialRefused'));
  });

  test('An expired token is replaced by one new login', async () => {
    site = await startBigIp();
    const { store, plan, next } = await aPlan();
    site.device.skippedMs = 1_201_000;

    await store.apply(plan, desired(next));

    expect(site.device.serves(profilePath)).toBe(next.version.fingerprint);
    expect(site.device.calls.filter(({ path }) => path.endsWith('/login'))).toHaveLength(2);
  });

  test('A token that is refused again after a new login is an error', async () => {
    site = await startBigIp();
    const { store, plan, next } = await aPlan();
    site.device.fault = ({ path }) =>
      path.endsWith('/login')
        ? null
        : { kind: 'answer', status: 401, message: 'X-F5-Auth-Token has expired.' };

    await expect(store.apply(plan, desired(next))).rejects.toMatchObject(named('CredentialRefused'));
  });

  test('An account with too many tokens is unreachable for now', async () => {
    site = await startBigIp();
    for (let token = 0; token < 100; token += 1)
      site.device.tokens.set(`T${token}`, Number.POSITIVE_INFINITY);

    await expect(site.open()).rejects.toMatchObject(named('StoreUnreachable'));
  });

  test('A BIG-IP that loads its configuration is asked three times, and then unreachable', async () => {
    site = await startBigIp();
    const store = await site.open();
    const message = 'There is an active asynchronous task executing.';
    site.device.fault = () => ({ kind: 'answer', status: 503, message });
    const before = site.device.calls.length;

    await expect(store.observe()).rejects.toMatchObject({
      name: 'StoreUnreachable',
      message: expect.stringContaining(message),
    });

    expect(site.device.calls.length - before).toBe(3);
  });

  test('An address without a server is unreachable', async () => {
    site = await startBigIp();
    await site.close();

    await expect(site.open()).rejects.toMatchObject(named('StoreUnreachable'));
    site = await startBigIp();
  });

  test('No request begins after the deadline', async () => {
    site = await startBigIp();
    const controller = new AbortController();
    const store = await site.open({ signal: controller.signal });
    const before = site.device.calls.length;
    controller.abort();

    await expect(store.observe()).rejects.toMatchObject(named('StoreUnreachable'));
    await store.close();

    expect(site.device.calls.length).toBe(before);
  });
});

describe('the commit of a transaction', () => {
  test.each(['lost', 'cut'] as const)(
    'If its answer is %s, the agent finds the new version in the profile and goes on',
    async (kind) => {
      site = await startBigIp();
      const { store, plan, next } = await aPlan();
      faultAt(isCommit, { kind });

      await store.apply(plan, desired(next));

      expect(site.device.serves(profilePath, 0, site.device.saved)).toBe(next.version.fingerprint);
    },
  );

  test('A transaction that has expired silently is an error, and the previous version remains', async () => {
    site = await startBigIp({ transactionSeconds: 30 });
    const { store, plan, next } = await aPlan();
    site.device.fault = (call) => {
      if (isCommit(call)) site.device.skippedMs = 31_000;
      return null;
    };

    await expect(store.apply(plan, desired(next))).rejects.toMatchObject({
      name: 'StoreUnreachable',
      message: expect.stringContaining('expired'),
    });

    expect(site.device.serves(profilePath)).toBe(site.old.version.fingerprint);
  });

  test('A commit that arrives during the restore of its deployment is reversed, too', async () => {
    site = await startBigIp();
    const { device } = site;
    const before = objectNames(device);
    const controller = new AbortController();
    const next = versionOf(await aVersion());
    const first = await site.open({ signal: controller.signal });
    const { plan } = await first.plan(desired(next));
    const late: { commit: (() => void) | null } = { commit: null };
    device.fault = (call) => {
      if (!isCommit(call)) return null;
      const id = Number(call.path.slice(call.path.lastIndexOf('/') + 1));
      late.commit = () => {
        const committed = device.transactions.commit(id, device.running, false);
        if (committed !== null) device.replaceRunning(committed);
      };
      setImmediate(() => controller.abort());
      return { kind: 'ignored' };
    };
    await expect(first.apply(plan, desired(next))).rejects.toMatchObject(named('StoreUnreachable'));
    const served: string[] = [];
    device.fault = ({ method, path }) => {
      if (method === 'DELETE' && path.includes('/ssl-key/') && late.commit !== null) {
        late.commit();
        late.commit = null;
        served.push(device.serves(profilePath));
      }
      return null;
    };

    await (await site.open()).restore(plan);

    expect(served).toEqual([next.version.fingerprint]);
    expect(device.serves(profilePath)).toBe(site.old.version.fingerprint);
    expect(objectNames(device)).toEqual(before);
  });
});
