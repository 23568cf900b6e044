import { afterAll, describe, expect, test } from 'vitest';
import type { AcmPlan } from '../../../agent-scripts/stores/acm/plan.ts';
import type { Store } from '../../../agent-scripts/stores/store.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import type { AcmFault } from '../../fakes/acm-server.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { bundleOf } from '../run-agent.ts';
import { type AcmSite, anAcmSite, desiredOf, fingerprintOf } from './acm-site.ts';

const sites: AcmSite[] = [];

afterAll(async () => {
  for (const { server } of sites) await server.close();
});

/** A site and the version to deploy, in both forms of a target. */
async function aCase(kind: 'renewal' | 'first import') {
  const site = await anAcmSite();
  sites.push(site);
  const next = bundleOf(await aVersion());
  const config = kind === 'renewal' ? { certificateArn: site.arn } : { name: 'www', region: 'us-east-1' };
  /** What the target has now: a first import creates a second certificate. */
  const installed = (): Bundle | null => {
    if (kind === 'renewal') return site.installed();
    const [, second, ...others] = site.server.certificates();
    expect(others).toEqual([]);
    return second === undefined ? null : { leaf: second.leaf, chain: [second.chain], key: second.key };
  };
  return { site, next, config, installed, before: kind === 'renewal' ? site.first : null };
}

/** What the agent does with a target: plan, apply, and restore after a failure. `planned` is called before the first change. */
async function deploy(store: Store<AcmPlan>, next: Bundle, planned: (plan: AcmPlan) => void): Promise<void> {
  const { plan } = await store.plan(desiredOf(next));
  planned(plan);
  await store.apply(plan, desiredOf(next));
}

/** The requests of a deployment that nothing disturbs, and what they are. */
async function requestsOf(kind: 'renewal' | 'first import'): Promise<string[]> {
  const { site, next, config } = await aCase(kind);
  await deploy(await site.open({ config }), next, () => undefined);
  return [...site.server.requests];
}

const kinds = ['renewal', 'first import'] as const;
const requests = new Map(
  await Promise.all(kinds.map(async (kind) => [kind, await requestsOf(kind)] as const)),
);
const faults: readonly AcmFault[] = ['refused', 'throttled', 'unavailable', 'failed', 'cut', 'silent'];
const cases = kinds.flatMap((kind) =>
  faults.flatMap((fault) =>
    [...(requests.get(kind) ?? [])].map((name, at) => ({ kind, fault, name, number: at + 1 })),
  ),
);

/**
 * The error with which one fault ends a deployment; null if the request is repeated. A first import that may have been
 * performed is not sent again.
 */
function endOf(kind: (typeof kinds)[number], fault: AcmFault, name: string): string | null {
  if (fault === 'refused') return 'CredentialRefused';
  if (fault === 'silent') return 'StoreUnreachable';
  const isLost = kind === 'first import' && name === 'ImportCertificate' && fault === 'unavailable';
  return isLost ? 'StoreUnreachable' : null;
}

describe('a request to ACM that fails', () => {
  test.each(cases)(
    '$kind: with request $number ($name) $fault once, ACM has the old or the new version, and a restore returns the old one',
    async ({ kind, fault, name, number }) => {
      const { site, next, config, installed, before } = await aCase(kind);
      const deadline = new AbortController();
      site.server.onSilence = () => deadline.abort();
      site.server.fault = (request) => (request === number ? fault : null);
      let plan: AcmPlan | null = null;

      const error = await deploy(await site.open({ config, signal: deadline.signal }), next, (made) => {
        plan = made;
      }).then(
        () => null,
        (thrown: Error) => thrown,
      );

      expect(error?.name ?? null).toBe(endOf(kind, fault, name));
      if (error === null) expect(installed()).toEqual(next);
      else expect([before, next]).toContainEqual(installed());

      if (plan === null) return;
      site.server.fault = () => null;
      await (await site.open({ config, deploymentId: 'recovery' })).restore(plan);
      expect(installed()).toEqual(before);
    },
  );

  test.each(kinds)(
    'A %s that is killed between any two requests leaves the old or the new version, and the next run restores the old one',
    async (kind) => {
      const total = requests.get(kind)?.length ?? 0;
      for (let sends = 1; sends <= total; sends += 1) {
        const { site, next, config, installed, before } = await aCase(kind);
        let plan: AcmPlan | null = null;
        await new Promise<void>((resolve) => {
          const dying = site.open({ config, sends, onKill: resolve });
          const made = (each: AcmPlan) => {
            plan = each;
          };
          void dying.then((store) => deploy(store, next, made)).then(resolve);
        });
        expect([before, next]).toContainEqual(installed());
        if (plan === null) continue;

        await (await site.open({ config, deploymentId: 'recovery' })).restore(plan);

        expect(installed()).toEqual(before);
        expect(site.server.requests.filter((name) => name === 'ImportCertificate').length).toBeLessThan(3);
      }
    },
  );

  test('A restore that fails at any request once returns to the old version when it is repeated', async () => {
    for (const fault of faults) {
      for (let failing = 1; failing <= 3; failing += 1) {
        const { site, next, config, installed, before } = await aCase('renewal');
        const { plan } = await (await site.open({ config })).plan(desiredOf(next));
        await (await site.open({ config })).apply(plan, desiredOf(next));
        const deadline = new AbortController();
        site.server.onSilence = () => deadline.abort();
        const from = site.server.requests.length;
        site.server.fault = (request) => (request === from + failing ? fault : null);

        await (await site.open({ config, signal: deadline.signal })).restore(plan).catch(() => undefined);
        expect([before, next]).toContainEqual(installed());
        await (await site.open({ config })).restore(plan);

        expect(installed(), `${fault} at request ${failing}`).toEqual(before);
      }
    }
  });

  test('A lost answer is read back, so that an import is not sent twice', async () => {
    const { site, next, config } = await aCase('renewal');
    site.server.fault = (_, operation) => (operation === 'ImportCertificate' ? 'cut' : null);

    await deploy(await site.open({ config }), next, () => undefined);

    expect(site.installed()).toEqual(next);
    expect(site.server.requests.filter((name) => name === 'ImportCertificate')).toHaveLength(1);
  });

  test('A restore finds an import that ACM shows late', async () => {
    const { site, next, config, before } = await aCase('renewal');
    const { plan } = await (await site.open({ config })).plan(desiredOf(next));
    site.server.staleReads = 2;
    await new Promise<void>((resolve) => {
      // killed after the import, before it was read back
      void site
        .open({ config, sends: 3, onKill: resolve })
        .then((store) => store.apply(plan, desiredOf(next)));
    });
    expect(site.installed()).toEqual(next);

    await (await site.open({ config })).restore(plan);

    expect(site.installed()).toEqual(before);
  });

  test('An ACM that stays busy ends the deployment with an error that names throttling, and nothing is imported', async () => {
    const { site, next, config, before } = await aCase('renewal');
    site.server.fault = (_, operation) => (operation === 'ImportCertificate' ? 'throttled' : null);

    await expect(deploy(await site.open({ config }), next, () => undefined)).rejects.toMatchObject({
      name: 'StoreUnreachable',
      message: expect.stringContaining('ACM throttles the account'),
    });
    expect(site.installed()).toEqual(before);
  });

  test('A used up quota ends the deployment with an error that names the quota, and the restore needs no import', async () => {
    const { site, next, config, before } = await aCase('renewal');
    site.server.importsLeft = 0;
    const { plan } = await (await site.open({ config })).plan(desiredOf(next));
    const store = await site.open({ config });

    await expect(store.apply(plan, desiredOf(next))).rejects.toMatchObject({
      name: 'StoreRefused',
      message: expect.stringMatching(/quota of ACM in region us-east-1.*Service Quotas/),
    });
    await store.restore(plan);
    expect(site.installed()).toEqual(before);
  });

  test('No error contains a private key', async () => {
    const { site, next, config } = await aCase('renewal');
    site.server.fault = (_, operation) => (operation === 'ImportCertificate' ? 'refused' : null);

    const error = await deploy(await site.open({ config }), next, () => undefined).catch((thrown) => thrown);

    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('PRIVATE');
    expect(error.message).toContain('Allow acm:ImportCertificate');
  });
});

describe('two writers', () => {
  test('A certificate that another program has imported since the plan is not overwritten', async () => {
    const { site, next, config } = await aCase('renewal');
    const other = bundleOf(await aVersion());
    const store = await site.open({ config });
    const { plan } = await store.plan(desiredOf(next));
    await deploy(await site.open({ config, deploymentId: 'other' }), other, () => undefined);

    await expect(store.apply(plan, desiredOf(next))).rejects.toMatchObject({
      name: 'StoreConflict',
      message: expect.stringContaining('did not overwrite it'),
    });
    expect(site.installed()).toEqual(other);
  });

  test('A restore does not overwrite what another program has imported since', async () => {
    const { site, next, config } = await aCase('renewal');
    const store = await site.open({ config });
    const { plan } = await store.plan(desiredOf(next));
    await store.apply(plan, desiredOf(next));
    site.kept.set(fingerprintOf(next), next);
    const other = bundleOf(await aVersion());
    await deploy(await site.open({ config, deploymentId: 'other' }), other, () => undefined);

    await expect(store.restore(plan)).rejects.toMatchObject({ name: 'StoreConflict' });
    expect(site.installed()).toEqual(other);
  });
});
