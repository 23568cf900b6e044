import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timeBudgets } from '../../../core/time-budgets.ts';
import { type AgentHomes, createAgentHomes } from '../../../services/agent-home/agent-records.ts';
import { settableClock } from '../../fakes/settable-clock.ts';
import { startTables, type Tables, tableNames } from '../../fixtures/world.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const clock = settableClock();
const homes = (): AgentHomes =>
  createAgentHomes({
    documents: tables.documents,
    table: tableNames.registry,
    clock,
    sleep: async () => undefined,
  });

const aTarget = () => `store-${randomUUID()}`;

async function taken(targetId: string, runId: string) {
  const records = await homes().take(targetId, runId);
  if (records === null) throw new Error(`${runId} did not get the records of ${targetId}`);
  return records;
}

/** Lets the lease of the run that has it now end. */
const endLease = () => clock.forward((timeBudgets.agentFunction + 1) * 1000);

describe('the records of an agent', () => {
  test('A record is read as it was written, and null before', async () => {
    const records = await taken(aTarget(), 'run-1');

    expect(await records.read('journal')).toBeNull();
    await records.write('journal', '{"v":1}');
    await records.write('journal', '{"v":2}');
    expect(await records.read('journal')).toBe('{"v":2}');
    await records.remove('journal');
    expect(await records.read('journal')).toBeNull();
  });

  test('All receipts of one target are read, however many pages they have, and no other record', async () => {
    const targetId = aTarget();
    const records = await taken(targetId, 'run-1');
    await (await taken(`${targetId}-2`, 'run-2')).write('receipt#other', 'other');
    // two pages: a page of a query has at most 1 MB
    const texts = Array.from({ length: 5 }, (_, at) => `${at}${'x'.repeat(300_000)}`);
    for (const [at, text] of texts.entries()) await records.write(`receipt#${at}`, text);
    await records.write('journal', 'journal');

    expect(await records.readAll('receipt#')).toEqual(texts);
  });

  test('A record that does not fit into an item is refused before it is written', async () => {
    const records = await taken(aTarget(), 'run-1');

    await expect(records.write('journal', 'x'.repeat(400_000))).rejects.toMatchObject({
      name: 'PlanInvalid',
    });
    expect(records.isReplaced()).toBe(false);
  });
});

describe('the lease', () => {
  test('A second run does not get the records while the first has them', async () => {
    const targetId = aTarget();
    const first = await taken(targetId, 'run-1');

    expect(await homes().take(targetId, 'run-2')).toBeNull();
    await first.release();
    expect(await homes().take(targetId, 'run-2')).not.toBeNull();
  });

  test('Of two runs that start at once, one gets the records', async () => {
    const targetId = aTarget();

    const both = await Promise.all([homes().take(targetId, 'run-1'), homes().take(targetId, 'run-2')]);

    expect(both.filter((records) => records !== null)).toHaveLength(1);
  });

  test('A lease ends with the timeout of the function, and not before', async () => {
    const targetId = aTarget();
    await taken(targetId, 'run-1');

    clock.forward(timeBudgets.agentFunction * 1000);
    expect(await homes().take(targetId, 'run-2')).toBeNull();
    clock.forward(1);
    expect(await homes().take(targetId, 'run-2')).not.toBeNull();
  });

  test.each([
    ['writes no record', 'write'],
    ['removes no record', 'remove'],
  ] as const)('A run that was replaced %s, and learns it', async (_, change) => {
    const targetId = aTarget();
    const first = await taken(targetId, 'run-1');
    await first.write('journal', 'of the first run');
    endLease();
    const second = await taken(targetId, 'run-2');
    await second.write('journal', 'of the second run');

    const changed = change === 'write' ? first.write('journal', 'late') : first.remove('journal');

    await expect(changed).rejects.toMatchObject({ name: 'HostBusy' });
    expect(first.isReplaced()).toBe(true);
    expect(await second.read('journal')).toBe('of the second run');
    expect(second.isReplaced()).toBe(false);
  });

  test('A run that was replaced writes nothing after the second run has released the records', async () => {
    const targetId = aTarget();
    const first = await taken(targetId, 'run-1');
    endLease();
    await (await taken(targetId, 'run-2')).release();

    await expect(first.write('fence', '7')).rejects.toMatchObject({ name: 'HostBusy' });
    expect(await homes().read(targetId, 'fence')).toBeNull();
  });

  test('A run that was replaced does not end the lease of its successor', async () => {
    const targetId = aTarget();
    const first = await taken(targetId, 'run-1');
    endLease();
    await taken(targetId, 'run-2');

    await first.release();

    expect(await homes().take(targetId, 'run-3')).toBeNull();
  });

  // each order of three writes of the old run and three of the new one
  const orders = interleavings(['old', 'old', 'old'], ['new', 'new', 'new']);
  test.each(orders.map((order) => [order.join(', '), order] as const))(
    'Of two runs that write in the order %s, the old one writes nothing once the new one has the lease',
    async (_, order) => {
      const targetId = aTarget();
      const old = await taken(targetId, 'run-1');
      const writers = new Map([['old', old]]);
      const accepted: string[] = [];
      for (const who of order) {
        const records = writers.get(who) ?? (await successor(targetId));
        writers.set(who, records);
        const isWritten = await records.write('journal', who).then(
          () => true,
          () => false,
        );
        accepted.push(`${who} ${isWritten}`);
      }

      const firstNew = order.indexOf('new');
      expect(accepted).toEqual(order.map((who, at) => `${who} ${who === 'new' || at < firstNew}`));
      expect(await homes().read(targetId, 'journal')).toBe('new');
    },
  );
});

function successor(targetId: string) {
  endLease();
  return taken(targetId, 'run-2');
}

function interleavings(one: readonly string[], other: readonly string[]): string[][] {
  if (one.length === 0 || other.length === 0) return [[...one, ...other]];
  const [a = '', ...restA] = one;
  const [b = '', ...restB] = other;
  return [
    ...interleavings(restA, other).map((rest) => [a, ...rest]),
    ...interleavings(one, restB).map((rest) => [b, ...rest]),
  ];
}
