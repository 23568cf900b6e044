import { expect } from 'vitest';
import type { StoreDeadlines } from '../../../agent-scripts/stores/store-run.ts';
import type { AgentLine } from '../../../core/deployment/agent-line.ts';
import { type Runs, textBelow } from './store-runs.ts';
import { deployed, expectInstalled, expectWhole, type Proof, prepared } from './store-situations.ts';

/** A failing service ends a step at its deadline, so these tests wait for it. */
const short: StoreDeadlines = { change: 4_000, restore: 4_000, settle: 1_000 };

/** Outcomes after which the store must have its previous version. */
const unchangedOutcomes: readonly AgentLine['outcome'][] = [
  'rejected',
  'validate_failed',
  'reload_failed',
  'restored',
];

/** The proofs about failures of the service, deaths of the agent, and secrets. */
export const failureProofs = {
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
