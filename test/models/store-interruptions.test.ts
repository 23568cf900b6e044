import '../fixtures/memory-kind.ts';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { homeAt } from '../../agent-scripts/host/home.ts';
import { installedReceipt } from '../../agent-scripts/journal/receipt-rules.ts';
import { folderHome } from '../../agent-scripts/stores/folder-home.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { fingerprintOf, type Runs, startRuns } from '../contract/stores/store-runs.ts';
import { memoryStoreWith } from '../rigs/memory-store.ts';

const scratch = scratchFolder();
let count = 0;

/** A job of the story. `diesAt`: the step at which the agent dies, null if it lives. `version`: which bundle it deploys. */
const jobs = fc.record({
  action: fc.constantFrom('deploy', 'deploy', 'validate', 'rollback', 'undo', 'inspect'),
  version: fc.nat(2),
  diesAt: fc.option(fc.integer({ min: 1, max: 30 }), { freq: 2 }),
  when: fc.constantFrom('before' as const, 'after' as const),
  /** The service fails from this request on, until the job ends. */
  failsFrom: fc.option(fc.integer({ min: 1, max: 20 }), { freq: 4 }),
});
type Job = typeof jobs extends fc.Arbitrary<infer Value> ? Value : never;

async function play(runs: Runs, bundles: readonly Bundle[], job: Job, latest: string): Promise<string> {
  const isNew = job.action === 'deploy' || job.action === 'rollback' || job.action === 'validate';
  const deploymentId = isNew ? `d-${++count}` : latest;
  runs.death.steps = 0;
  runs.death.at = job.diesAt;
  runs.death.when = job.when;
  runs.site.failFrom(job.failsFrom);
  const bundle = bundles[job.version];
  const withBundle = job.action === 'deploy' || job.action === 'validate';
  await runs
    .perform(job.action as 'deploy', { deploymentId, ...(withBundle && bundle !== undefined && { bundle }) })
    .catch((error: unknown) => {
      // only the death of the process may end a job without a line
      if (job.diesAt === null) throw error;
    });
  runs.death.at = null;
  runs.site.failFrom(null);
  return job.action === 'deploy' || job.action === 'rollback' ? deploymentId : latest;
}

/** While no journal is open, the store has the version of the latest receipt. It never has half a version. */
async function expectAgreement(runs: Runs, initial: Bundle): Promise<void> {
  const installed = await runs.site.installed();
  expect(installed).not.toBeNull();
  if ((await runs.journal()) !== null) return;
  const receipts = await folderHome(homeAt(runs.folder), 'in-store').receipts();
  const recorded = installedReceipt(receipts)?.line.version?.fingerprint ?? fingerprintOf(initial);
  expect(installed && fingerprintOf(installed)).toBe(recorded);
}

test('Whenever the agent dies and the service fails, the store has a version, which the records or an open journal explain', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(jobs, { minLength: 1, maxLength: 8 }), async (story) => {
      const runs = await startRuns(memoryStoreWith(null), join(scratch, `${++count}`));
      const initial = await runs.version();
      const bundles = [await runs.version(), await runs.version(), await runs.version()];
      await runs.site.install(initial);

      let latest = 'none';
      for (const job of story) {
        latest = await play(runs, bundles, job, latest);
        await expectAgreement(runs, initial);
      }

      await runs.perform('inspect', { deploymentId: 'last' });
      expect(await runs.journal()).toBeNull();
      await expectAgreement(runs, initial);
      const next = await runs.version();
      const line = await runs.perform('deploy', { bundle: next });
      expect(line).toMatchObject({ outcome: 'applied' });
      expect(await runs.site.installed()).toEqual(next);
    }),
    { numRuns: 30 },
  );
});
