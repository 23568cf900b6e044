import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { Strategy } from '../../../core/registry/strategy.ts';
import { countFailure } from '../../../services/rollouts/count-failure.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { aCertificateName, aRollout } from '../../fixtures/new-rollout.ts';
import { type Tables, tableNames, useRollouts } from '../../fixtures/world.ts';

let tables: Tables;
let rollouts: Rollouts;
useRollouts((...made) => {
  [rollouts, tables] = made;
});

const once = { repeat: false };
const fail = (id: string) =>
  tables.documents.send(new TransactWriteCommand({ TransactItems: [countFailure(tableNames.registry, id)] }));

/** One that has begun. */
async function begun(overrides: Parameters<typeof aRollout>[0] = {}) {
  const rollout = aRollout({ certificate: aCertificateName(), ...overrides });
  const { type } = await rollouts.begin(rollout, once);
  expect(type).toBe('started');
  return rollout;
}

describe('a failed deployment', () => {
  test('A failed deployment is counted on its rollout', async () => {
    const { id } = await begun();

    await fail(id);
    await fail(id);

    expect((await rollouts.control(id))?.failures).toBe(2);
  });

  test('A failed deployment of an unknown rollout can be recorded, and creates no rollout', async () => {
    await fail('by-hand');

    expect(await rollouts.control('by-hand')).toBeNull();
    expect(await rollouts.halt('by-hand', 'stop')).toBe(false);
    expect((await rollouts.begin(aRollout({ id: 'by-hand' }), once)).type).toBe('started');
  });
});

describe('a halted rollout', () => {
  test('A halted rollout keeps the first reason', async () => {
    const { id } = await begun();

    expect(await rollouts.halt(id, 'TooManyFailures')).toBe(true);
    expect(await rollouts.halt(id, 'ServiceStale')).toBe(true);
    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', reason: 'TooManyFailures' });
  });

  test('A halted rollout stays halted when its execution ends, and continues with its failures reset', async () => {
    const { id } = await begun();
    await fail(id);
    await rollouts.halt(id, 'TooManyFailures');
    await rollouts.end(id, 'halted', 'one failed');
    const halted = await rollouts.control(id);

    await rollouts.resume(id, 1);

    expect(halted).toMatchObject({ status: 'halted', outcome: 'halted', summary: 'one failed' });
    expect(await rollouts.control(id)).toMatchObject({
      status: 'running',
      outcome: null,
      reason: null,
      failures: 0,
      redriveCount: 1,
    });
  });

  test('A halted rollout is not resumed by a redrive that was heeded before it was halted again', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first');
    await rollouts.resume(id, 1);
    await rollouts.halt(id, 'second');

    await rollouts.resume(id, 1);

    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', reason: 'second' });
  });

  test('A halted rollout is not ended by a late word of the halt from which it was resumed', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first');
    await rollouts.resume(id, 1);

    await rollouts.end(id, 'halted', 'late');

    expect(await rollouts.control(id)).toMatchObject({ status: 'running', outcome: null });
  });

  test('A resumed rollout is neither halted nor rolled back by a task that ran when it was resumed', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first', 0);
    await rollouts.end(id, 'halted', 'first', 0);
    await rollouts.resume(id, 1);

    await rollouts.halt(id, 'late', 0);
    await rollouts.startRollback(id, 0);
    await rollouts.end(id, 'halted', 'late', 0);

    expect(await rollouts.control(id)).toMatchObject({ status: 'running', reason: null, outcome: null });
    await rollouts.halt(id, 'second', 1);
    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', reason: 'second' });
  });

  test('A halted rollout that is going back again is not halted by a late word of the halt before', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first', 0);
    await rollouts.startRollback(id, 0);
    await rollouts.end(id, 'halted', 'a host is away', 0);
    await rollouts.resume(id, 1);
    await rollouts.startRollback(id, 1);

    await rollouts.end(id, 'halted', 'late', 0);

    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', outcome: null });
  });

  test('A halted rollout whose execution has ended is rolled back by an operator, and not by a late task', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first', 0);
    await rollouts.end(id, 'halted', 'first', 0);

    await rollouts.startRollback(id, 0);
    const late = await rollouts.control(id);
    await rollouts.startRollback(id);

    expect(late).toMatchObject({ status: 'halted', outcome: 'halted' });
    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', outcome: null });
  });

  test('A halted rollout that rolls back continues to do so when it is halted again', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'TooManyFailures');
    await rollouts.startRollback(id);

    expect(await rollouts.halt(id, 'by a person')).toBe(true);
    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', reason: 'TooManyFailures' });
  });
});

describe('a rollout with a requested rollback', () => {
  test('A rollout with a requested rollback begins nothing else, keeps the request, and does not end halted before it starts the rollback', async () => {
    const { id } = await begun();

    expect(await rollouts.requestRollback(id, 'enough')).toMatchObject({
      status: 'halted',
      reason: 'enough',
      rollbackRequested: true,
    });
    await rollouts.end(id, 'halted', 'too late', 0);
    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', outcome: null });
    await rollouts.startRollback(id, 0);
    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', rollbackRequested: true });
    await rollouts.end(id, 'halted', 'it cannot', 0);
    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', outcome: 'halted' });
  });

  test('A rollback that is requested after the recorded halt is stored with it, and keeps the reason of the halt', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'TooManyFailures', 0);
    await rollouts.end(id, 'halted', 'TooManyFailures', 0);

    expect(await rollouts.requestRollback(id, 'enough')).toMatchObject({
      outcome: 'halted',
      reason: 'TooManyFailures',
      rollbackRequested: true,
    });
    expect(await rollouts.requestRollback('nobody', 'enough')).toBeNull();
  });
});

describe('a rollback that cannot continue', () => {
  test('A rollback that cannot continue is halted when its execution ends, and continues once it is resumed', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'TooManyFailures');
    await rollouts.startRollback(id);
    await rollouts.end(id, 'halted', 'a host is away');
    const halted = await rollouts.control(id);

    await rollouts.resume(id, 1);
    await rollouts.startRollback(id);

    expect(halted).toMatchObject({ status: 'halted', outcome: 'halted', summary: 'a host is away' });
    expect(await rollouts.control(id)).toMatchObject({
      status: 'rolling_back',
      outcome: null,
      redriveCount: 1,
    });
  });
});

describe('a rollout that has ended', () => {
  test('A rollout that has ended keeps its outcome, and is neither halted, resumed nor rolled back', async () => {
    const { id } = await begun();
    await rollouts.end(id, 'finished', 'all done');

    await rollouts.end(id, 'superseded', 'late');
    await rollouts.startRollback(id);
    await rollouts.resume(id, 1);

    expect(await rollouts.halt(id, 'too late')).toBe(false);
    expect(await rollouts.control(id)).toMatchObject({
      status: 'ended',
      outcome: 'finished',
      summary: 'all done',
      reason: null,
    });
  });
});

describe('an unknown rollout', () => {
  test('An unknown rollout is null, and nothing is created for it', async () => {
    await rollouts.setTolerated('unknown', 5);
    await rollouts.startRollback('unknown');
    await rollouts.end('unknown', 'already_rolled_out', 'x');

    expect(await rollouts.control('unknown')).toBeNull();
    expect(await rollouts.approvalRequest('unknown')).toBeNull();
    expect(await rollouts.approvalRequest('unknown', 1)).toBeNull();
  });

  test('The tolerated failures are stored when the targets are known', async () => {
    const { id } = await begun({ strategy: Strategy.parse({ toleratedFailures: '10%' }) });
    const before = (await rollouts.control(id))?.tolerated;

    await rollouts.setTolerated(id, 20);

    expect([before, (await rollouts.control(id))?.tolerated]).toEqual([0, 20]);
  });

  test('An unreadable item is named in the error', async () => {
    const Item = { pk: 'rollout#broken', sk: 'control', id: 'broken', status: 'on fire' };
    await tables.documents.send(new PutCommand({ TableName: tableNames.registry, Item }));

    await expect(rollouts.control('broken')).rejects.toThrow(/item rollout#broken \/ control cannot be read/);
  });
});

describe('the list of rollouts', () => {
  test('The list of rollouts has the latest first, of one certificate or of all', async () => {
    const certificate = aCertificateName();
    const at = (second: number) => `2028-01-01T00:00:0${second}.000Z`;
    const first = await begun({ certificate, version: 'a', startedAt: at(1) });
    const second = await begun({ certificate, version: 'b', startedAt: at(2) });
    const other = await begun({ startedAt: at(3) });

    const ofOne = await rollouts.list({ certificate });
    const latest = await rollouts.list({ limit: 2 });

    expect(ofOne.map(({ id, supersededBy }) => [id, supersededBy])).toEqual([
      [second.id, null],
      [first.id, second.id],
    ]);
    expect(latest.map(({ id }) => id)).toEqual([other.id, second.id]);
  });
});
