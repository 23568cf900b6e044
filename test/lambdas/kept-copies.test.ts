import { describe, expect, test } from 'vitest';
import type { StoreHome } from '../../agent-scripts/stores/store-home.ts';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Source } from '../../core/deployment/source.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { keepNewVersion, removeUnneededCopies } from '../../lambdas/agent-runs/kept-copies.ts';
import type { Copy, KeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';

const exported: Source = { kind: 'acm', certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/a' };
const secret: Source = { kind: 'secretsmanager', secretId: 'www', versionId: 'v-1' };
const targetId = 'www-alb';

const factsOf = ({ leaf }: Bundle) => factsOfPem(leaf);

/** Copies in memory, and what was asked of them. */
function copies(failure?: Error) {
  const kept: Copy[] = [];
  const retained: (readonly string[])[] = [];
  const store: KeptBundles = {
    find: async () => null,
    all: async () => [],
    async keep(_, copy) {
      if (failure !== undefined) throw failure;
      kept.push(copy);
    },
    retain: async (_, fingerprints) => void retained.push(fingerprints),
  };
  return { store, kept, retained };
}

/** Records with one receipt, from `before` to `now`, and a journal of a change to `next`, if there is one. */
function homeWith({ before, now, next }: Readonly<Record<'before' | 'now', Bundle> & { next?: Bundle }>) {
  const receipt = { line: { version: factsOf(now), previousVersion: factsOf(before) }, change: null };
  const journal =
    next === undefined ? null : { change: { version: factsOf(next), previousVersion: factsOf(now) } };
  return { receipts: async () => [receipt], readJournal: async () => journal } as unknown as StoreHome;
}

async function threeVersions() {
  const [before, now, next] = [await aVersion(), await aVersion(), await aVersion()].map(bundleOf);
  if (!before || !now || !next) throw new Error('three versions');
  return { before, now, next };
}

describe('copies of bundles that a function keeps', () => {
  test('A bundle of a source without earlier versions is kept, and the versions of the receipts stay', async () => {
    const { before, now, next } = await threeVersions();
    const { store, kept } = copies();

    await keepNewVersion(store, homeWith({ before, now }), { targetId, bundle: next, source: exported });

    expect(kept).toMatchObject([
      { bundle: next, needed: [now, before].map((bundle) => factsOf(bundle)?.fingerprint) },
    ]);
  });

  test('A bundle of a source that keeps earlier versions is not copied', async () => {
    const { before, now, next } = await threeVersions();
    const { store, kept } = copies();

    await keepNewVersion(store, homeWith({ before, now }), { targetId, bundle: next, source: secret });

    expect(kept).toEqual([]);
  });

  test('A copy that cannot be written refuses the deployment before the change', async () => {
    const { before, now, next } = await threeVersions();
    const { store } = copies(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));

    await expect(
      keepNewVersion(store, homeWith({ before, now }), { targetId, bundle: next, source: exported }),
    ).rejects.toMatchObject({
      name: 'CredentialUnavailable',
      message: expect.stringContaining('AccessDeniedException'),
    });
  });

  test('After a deployment, the copies of receipts and of an open journal stay', async () => {
    const { before, now, next } = await threeVersions();
    const { store, retained } = copies();

    await removeUnneededCopies(store, homeWith({ before, now, next }), targetId);

    const wanted = [now, before, next].map((bundle) => factsOf(bundle)?.fingerprint);
    expect(new Set(retained[0])).toEqual(new Set(wanted));
  });
});
