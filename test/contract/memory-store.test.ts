import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import type { PlantedFault } from '../fakes/memory-store.ts';
import { memoryStoreWith } from '../rigs/memory-store.ts';
import { storeContract } from './store-contract.ts';
import { proofs } from './stores/store-proofs.ts';
import { startRuns } from './stores/store-runs.ts';
import type { StorePromise } from './stores/store-site.ts';

storeContract(memoryStoreWith(null));

/** For each fault, a proof that must find it. */
const foundBy: Readonly<Record<PlantedFault, StorePromise>> = {
  noCopy: 'undo',
  restoreOnce: 'killedUndo',
  noCollect: 'retention',
  overwrites: 'conflict',
  leavesDryRun: 'dryRun',
  halfPair: 'outage',
};

describe('The contract of stores', () => {
  const scratch = scratchFolder();

  test.each(Object.entries(foundBy) as [PlantedFault, StorePromise][])(
    'A connector with the fault %s does not pass the proof %s',
    async (fault, promise) => {
      const under = memoryStoreWith(fault);
      let count = 0;
      const start = () => startRuns(under, join(scratch, `${fault}-${++count}`));

      await expect(proofs[promise].prove(start, under)).rejects.toThrow();
    },
  );
});
