import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { storeConnectors } from '../../agent-scripts/stores/stores.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { proofs } from './stores/store-proofs.ts';
import { type Runs, startRuns } from './stores/store-runs.ts';
import type { StorePromise, StoreUnderContract } from './stores/store-site.ts';

/**
 * The suite that every kind in a store passes: the engine of the agent with the connector of the kind, on a server or a rig.
 *
 * A kind brings a {@link StoreUnderContract}: how to start the store, what it has installed, which objects are in it, and how to
 * let it fail. It tests the faults of single requests by itself, because they depend on its protocol.
 */
export function storeContract(under: StoreUnderContract): void {
  describeWith(under.needs ?? [], `contract of stores: ${under.title}`, () => {
    const scratch = scratchFolder();
    const started: Runs[] = [];
    let count = 0;

    let usual: ReturnType<typeof storeConnectors.get>;

    beforeEach(() => {
      usual = storeConnectors.get(under.kind);
    });

    afterEach(async () => {
      for (const { site } of started.splice(0)) await site.close();
      // other tests of the file have a connector of their own
      if (usual === undefined) storeConnectors.delete(under.kind);
      else storeConnectors.set(under.kind, usual);
    });

    async function start(): Promise<Runs> {
      count += 1;
      const runs = await startRuns(under, join(scratch, `${count}`));
      started.push(runs);
      return runs;
    }

    for (const [name, { title, prove }] of Object.entries(proofs)) {
      const reason = exceptionOf(under, name as StorePromise);
      if (reason === undefined) test(title, () => prove(start, under));
      else test.skip(`${title} (not for this kind: ${reason})`);
    }
  });
}

function exceptionOf({ exceptions, startsEmpty = true }: StoreUnderContract, name: StorePromise) {
  if (name === 'empty' && !startsEmpty) return 'the target names an object that must exist';
  return exceptions?.[name];
}
