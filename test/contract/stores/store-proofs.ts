import { expect } from 'vitest';
import type { StoreDeadlines } from '../../../agent-scripts/stores/store-run.ts';
import type { AgentLine } from '../../../core/deployment/agent-line.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { fingerprintOf, type Runs, textBelow } from './store-runs.ts';
import type { StoreUnderContract } from './store-site.ts';

/** A promise of the contract: its title, and the proof on a store. `start` starts one more store of the same kind. */
interface Proof {
  readonly title: string;
  prove(start: () => Promise<Runs>, under: StoreUnderContract): Promise<void>;
}

/** A failing service ends a step at its deadline, so these tests wait for it. */
const short: StoreDeadlines = { change: 4_000, restore: 4_000, settle: 1_000 };

/** Outcomes after which the store must have its previous version. */
const unchangedOutcomes: readonly AgentLine['outcome'][] = [
  'rejected',
  'validate_failed',
  'reload_failed',
  'restored',
];

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
  outage: {
    title:
      'Whichever request of a deployment the service begins to fail at, the outcome agrees with the store, and the next job succeeds',
    async prove(start) {
      const total = await requestsOf(start);
      for (let request = 1; request <= total; request += 1) {
        const { runs, old } = await prepared(start);
        const next = await runs.version();
        runs.site.failFrom(request);
        const line = await runs.perform('deploy', {
          bundle: next,
          deploymentId: 'disturbed',
          deadlines: short,
        });
        runs.site.failFrom(null);

        await expectWhole(runs, [old, next]);
        if (line.outcome === 'applied') await expectInstalled(runs, next);
        if (unchangedOutcomes.includes(line.outcome)) await expectInstalled(runs, old);
        if (line.outcome === 'rollback_failed') expect(await runs.journal()).not.toBeNull();

        const last = await runs.version();
        const after = await runs.perform('deploy', { bundle: last });
        expect(after, `after a failure at request ${request}: ${line.summary}`).toMatchObject({
          outcome: 'applied',
        });
        await expectInstalled(runs, last);
        await expectNothingLeft(runs, start);
        await runs.site.close();
      }
    },
  },
  killed: {
    title:
      'Whichever step the agent dies before or after, the store has the old or the new version, and an inspection tells how it ended',
    async prove(start) {
      const total = await stepsOf(start);
      for (let step = 1; step <= total; step += 1) {
        for (const when of ['before', 'after'] as const) {
          const { runs, old } = await prepared(start);
          const next = await runs.version();
          await die(runs, { step, when }, () =>
            runs.perform('deploy', { bundle: next, deploymentId: 'killed' }),
          );
          await expectWhole(runs, [old, next]);

          const line = await runs.perform('inspect', { deploymentId: 'killed', fence: 1 });

          expect(await runs.journal(), `killed ${when} step ${step}`).toBeNull();
          const isNew = line.outcome === 'applied';
          expect(['applied', 'restored', 'rejected']).toContain(line.outcome);
          await expectInstalled(runs, isNew ? next : old);
          await runs.site.close();
        }
      }
    },
  },
  killedUndo: {
    title: 'Whichever step the agent dies at during an undo, the next job restores the previous version',
    async prove(start) {
      for (let step = 1; ; step += 1) {
        const { runs, old, next } = await deployed(start);
        const died = await die(runs, { step, when: 'after' }, () =>
          runs.perform('undo', { deploymentId: 'renewal', fence: 1 }),
        );
        await expectWhole(runs, [old, next]);

        const line = await runs.perform('undo', { deploymentId: 'renewal', fence: 1 });

        expect(line, `killed after step ${step}`).toMatchObject({ outcome: 'restored' });
        await expectInstalled(runs, old);
        await runs.site.close();
        if (!died) return;
      }
    },
  },
  secrets: {
    title: 'No private key and no credential is in the records of the agent or in a result',
    async prove(start) {
      const { runs, old, next } = await deployed(start);
      await runs.perform('rollback');
      runs.site.failFrom(1);
      await runs.perform('deploy', { bundle: await runs.version(), deadlines: short });
      runs.site.failFrom(null);

      const text = textBelow(runs.folder) + JSON.stringify(runs.lines);
      const secrets = [...Object.values(runs.site.credentials), ...[old, next].map(({ key }) => key)];
      for (const secret of secrets.flatMap(partsOf)) expect(text).not.toContain(secret);
    },
  },
} as const satisfies Readonly<Record<string, Proof>>;

/** A store with a version that another program installed. */
async function prepared(start: () => Promise<Runs>): Promise<{ readonly runs: Runs; readonly old: Bundle }> {
  const runs = await start();
  const old = await runs.version();
  await runs.site.install(old);
  return { runs, old };
}

/** The same after one renewal by certferry, deployment `renewal` with fence 1. */
async function deployed(start: () => Promise<Runs>) {
  const { runs, old } = await prepared(start);
  const next = await runs.version();
  const line = await runs.perform('deploy', { bundle: next, deploymentId: 'renewal' });
  expect(line).toMatchObject({ outcome: 'applied' });
  return { runs, old, next };
}

/** The number of requests of an undisturbed renewal. */
async function requestsOf(start: () => Promise<Runs>): Promise<number> {
  const { runs } = await prepared(start);
  const before = runs.site.requests().all;
  await runs.perform('deploy', { bundle: await runs.version() });
  const { all } = runs.site.requests();
  await runs.site.close();
  return all - before;
}

/** The number of steps of an undisturbed renewal. */
async function stepsOf(start: () => Promise<Runs>): Promise<number> {
  const { runs } = await prepared(start);
  await runs.perform('deploy', { bundle: await runs.version() });
  const { steps } = runs.death;
  await runs.site.close();
  return steps;
}

/** Performs a job whose process dies at a step. Returns whether it came that far. */
async function die(
  { death }: Runs,
  { step, when }: { readonly step: number; readonly when: 'before' | 'after' },
  perform: () => Promise<unknown>,
): Promise<boolean> {
  Object.assign(death, { at: step, when, steps: 0 });
  await perform().catch(() => undefined);
  const died = death.steps >= step;
  Object.assign(death, { at: null, steps: 0 });
  return died;
}

async function expectInstalled({ site }: Runs, expected: Bundle): Promise<void> {
  const installed = await site.installed();
  expect(installed === null ? null : fingerprintOf(installed)).toBe(fingerprintOf(expected));
}

/** `installed` throws for a half version. */
async function expectWhole({ site }: Runs, allowed: readonly Bundle[]): Promise<void> {
  const installed = await site.installed();
  expect(allowed.map(fingerprintOf)).toContain(installed === null ? null : fingerprintOf(installed));
}

/** As many objects as after the same number of renewals without a failure. */
async function expectNothingLeft(disturbed: Runs, start: () => Promise<Runs>): Promise<void> {
  const { runs } = await prepared(start);
  await runs.perform('deploy', { bundle: await runs.version() });
  const once = (await runs.site.objects()).length;
  await runs.perform('deploy', { bundle: await runs.version() });
  const twice = (await runs.site.objects()).length;
  await runs.site.close();
  expect([once, twice]).toContain((await disturbed.site.objects()).length);
}

/** The lines of a PEM block, or the whole value. Short parts prove nothing. */
function partsOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => !line.startsWith('-----'));
  return lines.map((line) => line.trim()).filter((line) => line.length >= 8);
}
