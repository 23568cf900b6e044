import { expect } from 'vitest';
import { failureProofs } from './store-failure-proofs.ts';
import { fingerprintOf } from './store-runs.ts';
import { deployed, expectInstalled, type Proof, prepared } from './store-situations.ts';

export const proofs = {
  first: {
    title:
      'The first deployment replaces what another program installed, and records it as the previous version',
    async prove(start) {
      const runs = await start();
      const [old, next] = [await runs.version(), await runs.version()];
      await runs.site.install(old);

      const line = await runs.perform('deploy', { bundle: next });

      expect(line).toMatchObject({ outcome: 'applied', reason: null });
      expect(line.previousVersion?.fingerprint).toBe(fingerprintOf(old));
      await expectInstalled(runs, next);
      expect(await runs.journal()).toBeNull();
    },
  },
  empty: {
    title: 'A deployment to a store without a certificate creates it, and undo removes it again',
    async prove(start) {
      const runs = await start();
      const before = await runs.site.objects();
      const next = await runs.version();

      const line = await runs.perform('deploy', { bundle: next, deploymentId: 'first' });
      expect(line).toMatchObject({ outcome: 'applied', previousVersion: null });
      await expectInstalled(runs, next);

      expect(await runs.perform('undo', { deploymentId: 'first', fence: 1 })).toMatchObject({
        outcome: 'restored',
      });
      expect(await runs.site.installed()).toBeNull();
      expect(await runs.site.objects()).toEqual(before);
    },
  },
  unchanged: {
    title:
      'A deployment of the installed version changes nothing and sends no request that changes the store',
    async prove(start) {
      const { runs, next } = await deployed(start);
      const { changing } = runs.site.requests();
      const before = await runs.site.objects();

      const line = await runs.perform('deploy', { bundle: next });

      expect(line).toMatchObject({ outcome: 'unchanged', warnings: [] });
      expect(runs.site.requests().changing).toBe(changing);
      expect(await runs.site.objects()).toEqual(before);
    },
  },
  byAnother: {
    title:
      'If another program has installed the version, the outcome is unchanged and a warning names the missing previous version',
    async prove(start) {
      const runs = await start();
      const next = await runs.version();
      await runs.site.install(next);

      const line = await runs.perform('deploy', { bundle: next });

      expect(line).toMatchObject({ outcome: 'unchanged' });
      expect(line.warnings.join()).toContain('no earlier version to roll back to');
    },
  },
  dryRun: {
    title: 'A dry run leaves the store and the records as they were',
    async prove(start, { dryRun }) {
      const { runs, next } = await deployed(start);
      const before = await runs.site.objects();

      const line = await runs.perform('validate', { bundle: await runs.version() });

      expect(line.outcome).toBe(dryRun);
      await expectInstalled(runs, next);
      expect(await runs.site.objects()).toEqual(before);
      expect(await runs.journal()).toBeNull();
    },
  },
  undo: {
    title: 'Undo restores the previous version, and a repeated undo has the same outcome and changes nothing',
    async prove(start) {
      const { runs, old } = await deployed(start);

      const first = await runs.perform('undo', { deploymentId: 'renewal', fence: 1 });
      await expectInstalled(runs, old);
      const { changing } = runs.site.requests();
      const second = await runs.perform('undo', { deploymentId: 'renewal', fence: 1 });

      for (const line of [first, second]) {
        expect(line).toMatchObject({ outcome: 'restored' });
        expect(line.version?.fingerprint).toBe(fingerprintOf(old));
      }
      expect(runs.site.requests().changing).toBe(changing);
      await expectInstalled(runs, old);
    },
  },
  replaced: {
    title: 'Undo of a deployment that a later one has replaced is refused with StaleFence',
    async prove(start) {
      const { runs } = await deployed(start);
      const later = await runs.version();
      await runs.perform('deploy', { bundle: later, fence: 2 });

      const line = await runs.perform('undo', { deploymentId: 'renewal', fence: 2 });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'StaleFence' });
      await expectInstalled(runs, later);
    },
  },
  rollback: {
    title: 'A rollback installs the previous version as a deployment, which undo reverses',
    async prove(start) {
      const { runs, old, next } = await deployed(start);

      const line = await runs.perform('rollback', { deploymentId: 'back', fence: 2 });
      expect(line).toMatchObject({ outcome: 'applied' });
      expect(line.version?.fingerprint).toBe(fingerprintOf(old));
      expect(line.previousVersion?.fingerprint).toBe(fingerprintOf(next));
      await expectInstalled(runs, old);

      expect(await runs.perform('undo', { deploymentId: 'back', fence: 2 })).toMatchObject({
        outcome: 'restored',
      });
      await expectInstalled(runs, next);
    },
  },
  replaces: {
    title: 'A rollback of a version that is not installed any more changes nothing',
    async prove(start) {
      const { runs, old, next } = await deployed(start);

      const line = await runs.perform('rollback', { replaces: fingerprintOf(old), fence: 2 });

      expect(line).toMatchObject({ outcome: 'unchanged' });
      await expectInstalled(runs, next);
    },
  },
  fence: {
    title: 'A job with a lower fence than an earlier one is refused and changes nothing',
    async prove(start) {
      const { runs, next } = await deployed(start);
      const { changing } = runs.site.requests();
      await runs.perform('validate', { bundle: next, fence: 5 });

      const line = await runs.perform('deploy', { bundle: await runs.version(), fence: 4 });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'StaleFence' });
      expect(runs.site.requests().changing).toBeLessThanOrEqual(changing + 2);
      await expectInstalled(runs, next);
    },
  },
  repeated: {
    title: 'A job that arrives twice gets its first result and installs nothing again',
    async prove(start) {
      const { runs, next } = await deployed(start);
      const { changing } = runs.site.requests();

      const line = await runs.perform('deploy', {
        bundle: await runs.version(),
        deploymentId: 'renewal',
        fence: 1,
      });

      expect(line).toMatchObject({ outcome: 'applied' });
      expect(line.version?.fingerprint).toBe(fingerprintOf(next));
      expect(runs.site.requests().changing).toBe(changing);
    },
  },
  retention: {
    title: 'After many renewals, the store keeps what the configured number of rollbacks needs, and no more',
    async prove(start) {
      const { runs } = await deployed(start);
      const counts: number[] = [];
      for (let renewal = 0; renewal < 6; renewal += 1) {
        await runs.perform('deploy', { bundle: await runs.version() });
        counts.push((await runs.site.objects()).length);
      }

      expect(new Set(counts.slice(3)).size).toBe(1);
      expect(await runs.perform('rollback')).toMatchObject({ outcome: 'applied' });
    },
  },
  writers: {
    title: 'A version that another program installs after the deployment is not rolled back',
    async prove(start) {
      const { runs } = await deployed(start);
      const foreign = await runs.version();
      await runs.site.install(foreign);

      const line = await runs.perform('rollback');

      expect(['rejected', 'rollback_failed']).toContain(line.outcome);
      await expectInstalled(runs, foreign);
    },
  },
  conflict: {
    title:
      'A version that another program installs between the plan and the change remains, and the outcome names the conflict',
    async prove(start) {
      const { runs } = await prepared(start);
      const foreign = await runs.version();
      runs.beforeApply(() => runs.site.install(foreign));

      const line = await runs.perform('deploy', { bundle: await runs.version() });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'StoreConflict' });
      await expectInstalled(runs, foreign);
      expect(await runs.journal()).toBeNull();
    },
  },
  ...failureProofs,
} as const satisfies Readonly<Record<string, Proof>>;
