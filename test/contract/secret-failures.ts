import { describe, expect, it } from 'vitest';
import { readSecret, removeSecrets, type SecretObject, writeSecret } from '../rigs/kubernetes.ts';
import { deploy, openStore } from '../rigs/secret-store.ts';
import { aTlsSecret, contentOf, dataOf, type SecretSite } from './secret-site.ts';

/** Connections that fail at each request. */
export function secretFailures(site: SecretSite): void {
  describe('failures of each request', () => {
    const faults = ['refuse', 'lose', 'cut'] as const;

    /** All requests from this one fail. */
    const failFrom = (failing: number, kind: 'refuse' | 'lose' | 'cut') => {
      site.api.requests.length = 0;
      site.api.fault = (_, index) => (index >= failing ? { kind } : undefined);
    };
    /** A deployment whose requests fail from this one. Returns its plan, if there was one before the failure. */
    const failingDeployment = async (failing: number, kind: 'refuse' | 'lose' | 'cut') => {
      const store = await openStore(site.api);
      failFrom(failing, kind);
      const planned = await store.plan(site.next).catch(() => null);
      if (planned === null) return null;
      await expect(store.apply(planned.plan, site.next)).rejects.toMatchObject({ name: 'StoreUnreachable' });
      return planned.plan;
    };
    const expectOldOrNew = async () => {
      site.api.fault = null;
      expect([dataOf(site.previous), dataOf(site.next)]).toContainEqual(
        tlsPartOf(await readSecret(site.cluster)),
      );
    };

    /** The number of requests that a whole deployment, or its reversal, sends. */
    async function countRequests(action: () => Promise<unknown>): Promise<number> {
      site.api.requests.length = 0;
      await action();
      return site.api.requests.length;
    }

    it.each(faults)(
      'If a connection fails with "%s" at any request of a deployment, the reversal restores the previous version',
      async (kind) => {
        await writeSecret(site.cluster, aTlsSecret(site.previous));
        const count = await countRequests(() => deploy(site.api, site.next));
        for (let failing = 0; failing < count; failing += 1) {
          await removeSecrets(site.cluster);
          await writeSecret(site.cluster, aTlsSecret(site.previous));
          const before = contentOf(await readSecret(site.cluster));
          const plan = await failingDeployment(failing, kind);
          await expectOldOrNew();
          if (plan !== null) await (await openStore(site.api)).restore(plan);
          expect(contentOf(await readSecret(site.cluster))).toEqual(before);
        }
      },
    );

    it.each(faults)(
      'If a connection fails with "%s" at any request of a reversal, the next one completes it',
      async (kind) => {
        await writeSecret(site.cluster, aTlsSecret(site.previous));
        const before = contentOf(await readSecret(site.cluster));
        const plan = await deploy(site.api, site.next);
        const count = await countRequests(async () => (await openStore(site.api)).restore(plan));
        for (let failing = 0; failing < count; failing += 1) {
          const again = await deploy(site.api, site.next, { deploymentId: `again-${failing}` });
          const store = await openStore(site.api);
          failFrom(failing, kind);
          await store.restore(again).catch(() => null);
          await expectOldOrNew();
          await (await openStore(site.api)).restore(again);
          expect(contentOf(await readSecret(site.cluster))).toEqual(before);
        }
      },
    );

    it('If the answer to the creation is lost, the repeated deployment recognises its own Secret', async () => {
      const store = await openStore(site.api);
      const { plan } = await store.plan(site.next);
      site.api.fault = ({ method }) => (method === 'POST' ? { kind: 'lose' } : undefined);
      await expect(store.apply(plan, site.next)).rejects.toMatchObject({ name: 'StoreUnreachable' });
      site.api.fault = null;
      await store.apply(plan, site.next);
      expect((await readSecret(site.cluster))?.data).toEqual(dataOf(site.next));
    });

    const tlsPartOf = (secret: SecretObject | null) => ({
      'tls.crt': secret?.data?.['tls.crt'],
      'tls.key': secret?.data?.['tls.key'],
    });
  });
}
