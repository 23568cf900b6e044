import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSendRate, type Rate } from '../../../services/ssm/send-rate.ts';
import { aTargetId } from '../../fixtures/factories.ts';
import { startTables, tableNames } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

/** One function's pacing, without jitter; `waits` are the milliseconds that it slept. */
function aFunction(clock: { now: number }, rate: Rate = { perSecond: 10, burst: 5 }, random = () => 0) {
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const now = () => clock.now;
  const sendRate = createSendRate(tables.documents, tableNames.locks, { ...rate, now, sleep, random });
  return { ...sendRate, waits };
}

const noon = Date.parse('2026-11-22T12:00:00.000Z');
const anHour = 3_600_000;

describe('pacing commands', () => {
  test('The send rate lets a burst go at once, then one each interval', async () => {
    const [where, clock] = [aTargetId(), { now: noon }];
    const { waitForSlot: turn, waits } = aFunction(clock);

    for (let count = 0; count < 8; count += 1) await turn(where, 'canWait');

    expect(waits).toEqual([100, 200, 300]);
  });

  test('The send rate refills while no command is sent, and never beyond the burst', async () => {
    const [where, clock] = [aTargetId(), { now: noon }];
    const { waitForSlot: turn, waits } = aFunction(clock);
    for (let count = 0; count < 5; count += 1) await turn(where, 'canWait');

    clock.now += anHour;
    for (let count = 0; count < 6; count += 1) await turn(where, 'canWait');

    expect(waits).toEqual([100]);
  });

  test('The send rate is shared by all functions, each turn given once', async () => {
    const [where, clock] = [aTargetId(), { now: noon }];
    const functions = Array.from({ length: 40 }, () => aFunction(clock));

    await Promise.all(functions.map(({ waitForSlot: turn }) => turn(where, 'canWait')));

    const waits = functions.flatMap((one) => one.waits).sort((a, b) => a - b);
    expect(waits).toEqual(Array.from({ length: 35 }, (_, at) => (at + 1) * 100));
  });

  test('The send rate keeps accounts and regions apart', async () => {
    const clock = { now: noon };
    const { waitForSlot: turn, waits } = aFunction(clock, { perSecond: 1, burst: 1 });

    await turn(aTargetId(), 'canWait');
    await turn(aTargetId(), 'canWait');

    expect(waits).toEqual([]);
  });

  test('The send rate refuses a turn that is more than twenty seconds off, and takes none for it', async () => {
    const [where, clock] = [aTargetId(), { now: noon }];
    const { waitForSlot: turn, waits } = aFunction(clock, { perSecond: 1, burst: 1 });
    for (let count = 0; count < 21; count += 1) await turn(where, 'canWait');

    await expect(turn(where, 'canWait')).rejects.toMatchObject({ name: 'SendPaced', retry: 'later' });
    await expect(turn(where, 'canWait')).rejects.toMatchObject({ name: 'SendPaced' });
    clock.now += 1000;
    await turn(where, 'canWait');

    expect(waits.at(-1)).toBe(20_000);
  });

  test('The send rate never refuses what undoes a deployment', async () => {
    const [where, clock] = [aTargetId(), { now: noon }];
    const { waitForSlot: turn, waits } = aFunction(clock, { perSecond: 1, burst: 1 }, () => 0.5);
    for (let count = 0; count < 21; count += 1) await turn(where, 'canWait');

    await turn(where, 'mustGo');

    expect(waits.at(-1)).toBe(10_000);
  });

  test.each([anHour, 5 * 60_000])(
    'The send rate continues when a clock that is %i ms ahead has written the bucket',
    async (ahead) => {
      const where = aTargetId();
      const fast = aFunction({ now: noon + ahead });
      for (let count = 0; count < 20; count += 1) await fast.waitForSlot(where, 'canWait');
      const right = aFunction({ now: noon });

      for (let count = 0; count < 6; count += 1) await right.waitForSlot(where, 'canWait');

      expect(right.waits).toEqual([100]);
    },
  );

  test('The send rate continues beside a clock that is an hour behind', async () => {
    const where = aTargetId();
    const [right, slow] = [aFunction({ now: noon }), aFunction({ now: noon - anHour })];

    for (let count = 0; count < 20; count += 1) {
      await right.waitForSlot(where, 'canWait');
      await slow.waitForSlot(where, 'canWait');
    }

    expect([...right.waits, ...slow.waits]).toEqual([]);
  });

  test('The send rate starts again on an item that another program has written', async () => {
    const where = aTargetId();
    const Item = { pk: `bucket#send-command#${where}`, note: 'by hand' };
    await tables.documents.send(new PutCommand({ TableName: tableNames.locks, Item }));
    const { waitForSlot: turn, waits } = aFunction({ now: noon });

    await turn(where, 'canWait');

    expect(waits).toEqual([]);
  });

  test('The send rate adds a random part of an interval to a wait, so that functions do not move in step', async () => {
    const [where, clock] = [aTargetId(), { now: noon }];
    const { waitForSlot: turn, waits } = aFunction(clock, { perSecond: 10, burst: 1 }, () => 0.5);

    await turn(where, 'canWait');
    await turn(where, 'canWait');

    expect(waits).toEqual([150]);
  });
});
