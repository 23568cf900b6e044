// The contract of stores with the agent's records in DynamoDB, as in the function that runs the agent.
import '../fixtures/memory-kind.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeHomeIn } from '../../lambdas/agent-runs/store-home.ts';
import { createAgentHomes } from '../../services/agent-home/agent-records.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { proofs } from '../contract/stores/store-proofs.ts';
import { startRuns } from '../contract/stores/store-runs.ts';
import { settableClock } from '../fakes/settable-clock.ts';
import { startTables, type Tables, tableNames } from '../fixtures/world.ts';
import { memoryStoreWith } from '../rigs/memory-store.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

async function aHome() {
  const homes = createAgentHomes({
    documents: tables.documents,
    table: tableNames.registry,
    clock: settableClock(),
    sleep: async () => undefined,
  });
  const records = await homes.take(`store-${randomUUID()}`, 'run-1');
  if (records === null) throw new Error('another run has the records of a new target');
  return storeHomeIn(records);
}

describe('the records of a store in DynamoDB', () => {
  const scratch = scratchFolder();
  const under = memoryStoreWith(null);

  test.each(Object.values(proofs).map(({ title, prove }) => [title, prove] as const))(
    'With records in DynamoDB: %s',
    async (_, prove) => {
      await prove(async () => startRuns(under, join(scratch, randomUUID()), await aHome()), under);
    },
  );

  test('Records are empty before the first job', async () => {
    const home = await aHome();

    expect([await home.readFence(), await home.readJournal(), await home.receipts()]).toEqual([0, null, []]);
  });
});
