import '../../fixtures/memory-kind.ts';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { homeAt } from '../../../agent-scripts/host/home.ts';
import { folderHome } from '../../../agent-scripts/stores/folder-home.ts';
import type { StoreHome } from '../../../agent-scripts/stores/store-home.ts';
import { storeConnectors } from '../../../agent-scripts/stores/stores.ts';
import { CertferryError } from '../../../core/errors.ts';
import { startRuns } from '../../contract/stores/store-runs.ts';
import { memoryStoreWith } from '../../rigs/memory-store.ts';
import { scratchFolder } from '../disk.ts';

const scratch = scratchFolder();
let count = 0;

const brokenDisk = () => new CertferryError('StagingFailed', 'the agent cannot write to its folder');
const takenOver = () => new CertferryError('HostBusy', 'another run has taken over the records');

/** A store with an old version, and records of which some operations can be replaced. */
async function aStore() {
  const folder = join(scratch, `${++count}`);
  const replaced: { current: Partial<StoreHome> } = { current: {} };
  const home = folderHome(homeAt(folder), 'in-store');
  const changeable = new Proxy(home, {
    get: (_, name: keyof StoreHome) => replaced.current[name] ?? home[name],
  });
  const runs = await startRuns(memoryStoreWith(null), folder, changeable);
  const [old, next] = [await runs.version(), await runs.version()];
  await runs.site.install(old);
  const failing = (operations: Partial<StoreHome>) => {
    replaced.current = operations;
  };
  return { ...runs, old, next, failing };
}

describe('The engine for targets in a store', () => {
  test('A connector that cannot be loaded refuses the job, and the reason names the kind and the next step', async () => {
    const store = await aStore();
    storeConnectors.delete('memory');

    const line = await store.perform('deploy', { bundle: store.next });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed' });
    expect(line.summary).toMatch(
      /^the connector of kind memory cannot be loaded by Node .*nothing was changed/,
    );
    expect(line.summary).toContain('Use the runtime that certferry delivers');
    expect(await store.site.installed()).toEqual(store.old);
  });

  test('A job has no result if the store is in an unknown state and the records cannot be written', async () => {
    const store = await aStore();
    store.failing({
      writeReceipt: async () => {
        store.site.failFrom(1);
        throw brokenDisk();
      },
    });

    const result = store.perform('deploy', { bundle: store.next, deploymentId: 'broken' });

    await expect(result).rejects.toThrow('cannot write to its folder');
    store.failing({});
    store.site.failFrom(null);
    const answer = await store.perform('inspect', { deploymentId: 'broken', fence: 1 });
    expect(answer).toMatchObject({ outcome: 'restored', reason: 'Interrupted' });
    expect(await store.site.installed()).toEqual(store.old);
  });

  test('An inspect job has no result while the records of the interrupted deployment cannot be written', async () => {
    const store = await aStore();
    store.failing({
      writeReceipt: async () => {
        store.site.failFrom(1);
        throw brokenDisk();
      },
    });
    await store.perform('deploy', { bundle: store.next, deploymentId: 'broken' }).catch(() => null);

    const result = store.perform('inspect', { deploymentId: 'broken', fence: 1 });

    await expect(result).rejects.toThrow('cannot write to its folder');
  });

  test('Another deployment is refused while the records of an interrupted one cannot be written', async () => {
    const store = await aStore();
    store.failing({ writeReceipt: () => Promise.reject(brokenDisk()) });
    await store.perform('deploy', { bundle: store.next, deploymentId: 'broken' }).catch(() => null);

    const line = await store.perform('deploy', { bundle: store.next, deploymentId: 'later' });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed', deploymentId: 'later' });
    expect(await store.site.installed()).toEqual(store.old);
  });

  test('A run whose records another run has taken over does not change the store again', async () => {
    const store = await aStore();
    const changing: number[] = [];
    store.failing({
      writeReceipt: async () => {
        changing.push(store.site.requests().changing);
        throw takenOver();
      },
    });

    const line = await store.perform('deploy', { bundle: store.next });

    expect(line).toMatchObject({ reason: 'HostBusy' });
    expect(changing).toEqual([store.site.requests().changing]);
  });

  test('A run whose change fails does not restore if another run has taken over its records', async () => {
    const store = await aStore();
    store.beforeApply(async () => {
      store.failing({ writeJournal: () => Promise.reject(takenOver()) });
      store.site.failFrom(4);
    });

    const line = await store.perform('deploy', { bundle: store.next });

    expect(line).toMatchObject({ reason: 'HostBusy' });
    expect(await store.journal()).toMatchObject({ phase: 'applying' });
  });

  test('A deployment that is recorded keeps its result if old objects cannot be removed', async () => {
    const store = await aStore();
    store.failing({
      closeJournal: async () => {
        store.failing({ receipts: () => Promise.reject(new Error('a receipt is damaged')) });
        await folderHome(homeAt(store.folder), 'in-store').closeJournal();
      },
    });

    const line = await store.perform('deploy', { bundle: store.next });

    expect(line).toMatchObject({ outcome: 'applied' });
    expect(line.warnings.join()).toContain('a receipt is damaged');
    expect(await store.site.installed()).toEqual(store.next);
  });
});
