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
  test('is counted on its rollout', async () => {
    const { id } = await begun();

    await fail(id);
    await fail(id);

    expect((await rollouts.control(id))?.failures).toBe(2);
  });

  test('of a rollout that nobody knows can be recorded, and makes no rollout', async () => {
    await fail('by-hand');

    expect(await rollouts.control('by-hand')).toBeNull();
    expect(await rollouts.halt('by-hand', 'stop')).toBe(false);
    expect((await rollouts.begin(aRollout({ id: 'by-hand' }), once)).type).toBe('started');
  });
});

describe('a halted rollout', () => {
  test('keeps the first reason', async () => {
    const { id } = await begun();

    expect(await rollouts.halt(id, 'TooManyFailures')).toBe(true);
    expect(await rollouts.halt(id, 'ServiceStale')).toBe(true);
    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', reason: 'TooManyFailures' });
  });

  test('stays one when its execution ends, and goes on with its failures forgotten', async () => {
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

  test('is not resumed by a redrive that was heeded before it was halted again', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first');
    await rollouts.resume(id, 1);
    await rollouts.halt(id, 'second');

    await rollouts.resume(id, 1);

    expect(await rollouts.control(id)).toMatchObject({ status: 'halted', reason: 'second' });
  });

  test('is not ended by a late word of the halt from which it was resumed', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first');
    await rollouts.resume(id, 1);

    await rollouts.end(id, 'halted', 'late');

    expect(await rollouts.control(id)).toMatchObject({ status: 'running', outcome: null });
  });

  test('that goes on is neither halted nor turned back by a task that was at work when it was resumed', async () => {
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

  test('that is going back again is not halted by a late word of the halt before', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first', 0);
    await rollouts.startRollback(id, 0);
    await rollouts.end(id, 'halted', 'a host is away', 0);
    await rollouts.resume(id, 1);
    await rollouts.startRollback(id, 1);

    await rollouts.end(id, 'halted', 'late', 0);

    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', outcome: null });
  });

  test('whose execution has ended is turned back by a person, but not by a task that comes late', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'first', 0);
    await rollouts.end(id, 'halted', 'first', 0);

    await rollouts.startRollback(id, 0);
    const late = await rollouts.control(id);
    await rollouts.startRollback(id);

    expect(late).toMatchObject({ status: 'halted', outcome: 'halted' });
    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', outcome: null });
  });

  test('that rolls back goes on doing so when it is halted once more', async () => {
    const { id } = await begun();
    await rollouts.halt(id, 'TooManyFailures');
    await rollouts.startRollback(id);

    expect(await rollouts.halt(id, 'by a person')).toBe(true);
    expect(await rollouts.control(id)).toMatchObject({ status: 'rolling_back', reason: 'TooManyFailures' });
  });
});

describe('a rollout that a person wants put back', () => {
  test('begins nothing else, keeps that it is wanted, and does not end halted before it has turned back', async () => {
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

  test('after its halt was recorded is known by that, and keeps the reason of the halt', async () => {
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

describe('a rollout that cannot go on rolling back', () => {
  test('is halted when its execution ends, and goes on rolling back once it is resumed', async () => {
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
  test('keeps its outcome, and is neither halted, resumed nor rolled back', async () => {
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

describe('what nobody knows', () => {
  test('is null, and nothing is made of it', async () => {
    await rollouts.setTolerated('unknown', 5);
    await rollouts.startRollback('unknown');
    await rollouts.end('unknown', 'already_rolled_out', 'x');

    expect(await rollouts.control('unknown')).toBeNull();
    expect(await rollouts.approvalRequest('unknown')).toBeNull();
    expect(await rollouts.approvalRequest('unknown', 1)).toBeNull();
  });

  test('how many failures are tolerated is told when the targets are known', async () => {
    const { id } = await begun({ strategy: Strategy.parse({ toleratedFailures: '10%' }) });
    const before = (await rollouts.control(id))?.tolerated;

    await rollouts.setTolerated(id, 20);

    expect([before, (await rollouts.control(id))?.tolerated]).toEqual([0, 20]);
  });

  test('is named when an item cannot be read', async () => {
    const Item = { pk: 'rollout#broken', sk: 'control', id: 'broken', status: 'on fire' };
    await tables.documents.send(new PutCommand({ TableName: tableNames.registry, Item }));

    await expect(rollouts.control('broken')).rejects.toThrow(/item rollout#broken \/ control cannot be read/);
  });
});

describe('the list of rollouts', () => {
  test('has the latest first, of one certificate or of all', async () => {
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
