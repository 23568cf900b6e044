import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { Strategy } from '../../../core/registry/strategy.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { fingerprint } from '../../fixtures/factories.ts';
import { aCertificateName, aRollout } from '../../fixtures/new-rollout.ts';
import { type Tables, tableNames, useRollouts } from '../../fixtures/world.ts';

let tables: Tables;
let rollouts: Rollouts;
useRollouts((...made) => {
  [rollouts, tables] = made;
});

const once = { repeat: false };
const again = { repeat: true };

/** One that has begun. */
async function begun(overrides: Parameters<typeof aRollout>[0] = {}) {
  const rollout = aRollout({ certificate: aCertificateName(), ...overrides });
  const { type } = await rollouts.begin(rollout, once);
  expect(type).toBe('started');
  return rollout;
}

describe('the beginning of a rollout', () => {
  test('The beginning of a rollout gives a certificate’s rollouts numbers from 1', async () => {
    const certificate = aCertificateName();
    const first = await rollouts.begin(aRollout({ certificate, version: 'a' }), once);
    const second = await rollouts.begin(aRollout({ certificate, version: 'b' }), once);

    expect([first, second]).toMatchObject([
      { type: 'started', sequence: 1, version: { fingerprint: fingerprint('a') } },
      { type: 'started', sequence: 2, version: { fingerprint: fingerprint('b') } },
    ]);
  });

  test('The begin of a rollout stores where the bytes of its version are, so that a later rollout can return to it', async () => {
    const { certificate, version } = await begun();

    expect(await rollouts.sourceOf(certificate, version.fingerprint)).toEqual(version.source);
    expect(await rollouts.sourceOf(certificate, fingerprint('another'))).toBeNull();
  });

  test('The beginning of a rollout leaves an item by which it is steered, and forgets it after 400 days', async () => {
    const rollout = await begun({ strategy: Strategy.parse({ toleratedFailures: 3 }) });

    const control = await rollouts.control(rollout.id);

    expect(control).toEqual({
      id: rollout.id,
      executionArn: rollout.executionArn,
      certificate: rollout.certificate,
      fingerprint: rollout.version.fingerprint,
      sequence: 1,
      startedAt: '2026-11-22T12:00:00.000Z',
      status: 'running',
      reason: null,
      supersededBy: null,
      failures: 0,
      tolerated: 3,
      outcome: null,
      summary: null,
      redriveCount: 0,
    });
    const Key = { pk: `rollout#${rollout.id}`, sk: 'control' };
    const { Item } = await tables.documents.send(new GetCommand({ TableName: tableNames.registry, Key }));
    expect(Item?.expiresAt).toBe(1_829_908_800);
  });

  test('The beginning of a rollout supersedes the one before, whatever that one is doing', async () => {
    const older = await begun({ version: 'a' });
    await rollouts.halt(older.id, 'TooManyFailures');

    const newer = await begun({ certificate: older.certificate, version: 'b' });

    expect((await rollouts.control(older.id))?.supersededBy).toBe(newer.id);
    expect((await rollouts.control(newer.id))?.supersededBy).toBeNull();
  });

  test('The beginning of a rollout answers the same when it is repeated, also after a newer one has begun', async () => {
    const older = await begun({ version: 'a' });
    await begun({ certificate: older.certificate, version: 'b' });

    expect(await rollouts.begin(older, once)).toMatchObject({ type: 'started', sequence: 1 });
    expect((await rollouts.control(older.id))?.supersededBy).not.toBeNull();
  });

  test('The beginning of a rollout repeated with a version that has come meanwhile, stays one of the version that it began with', async () => {
    const rollout = await begun({ version: 'a' });
    const renewed = aRollout({ ...rollout, version: 'b' });

    const answer = await rollouts.begin(renewed, once);
    const announced = await rollouts.begin(
      aRollout({ certificate: rollout.certificate, version: 'a' }),
      once,
    );

    const { fingerprint: first, source } = rollout.version;
    expect(answer).toEqual({ type: 'started', sequence: 1, version: { fingerprint: first, source } });
    expect((await rollouts.control(rollout.id))?.fingerprint).toBe(first);
    expect(announced).toEqual({ type: 'exists', by: rollout.id });
  });

  test('A rollout that begins nothing because another one deploys its version remembers both.', async () => {
    const first = await begun();
    const { fingerprint } = first.version;
    const second = aRollout({ certificate: first.certificate });

    await rollouts.begin(second, once);

    expect(await rollouts.existing(second.id)).toEqual({ rolloutId: first.id, fingerprint });
    expect(await rollouts.control(second.id)).toBeNull();
    expect(await rollouts.existing(first.id)).toBeNull();
    expect((await rollouts.begin(second, again)).type).toBe('started');
    expect(await rollouts.existing(second.id)).toBeNull();
  });

  test('The beginning of a rollout by two attempts at once that found different versions is of one, and both are answered that one', async () => {
    const rollout = aRollout({ certificate: aCertificateName(), version: 'a' });
    const renewed = aRollout({ ...rollout, version: 'b' });

    const [one, other] = await Promise.all([rollouts.begin(rollout, once), rollouts.begin(renewed, once)]);

    expect(one).toMatchObject({ type: 'started', sequence: 1 });
    expect(other).toEqual(one);
  });

  test('The beginning of a rollout does not come about once its execution has ended without it', async () => {
    const older = await begun({ version: 'a' });
    const rollout = aRollout({ certificate: older.certificate, version: 'b' });
    await rollouts.close(rollout.id, rollout.startedAt);

    await expect(rollouts.begin(rollout, once)).rejects.toMatchObject({ name: 'InvalidRequest' });

    expect(await rollouts.control(rollout.id)).toBeNull();
    expect((await rollouts.control(older.id))?.supersededBy).toBeNull();
  });

  test('The begin of a rollout stands when its execution reports too late that it ended without it', async () => {
    const rollout = await begun();

    await rollouts.close(rollout.id, rollout.startedAt);

    expect(await rollouts.begin(rollout, once)).toMatchObject({ type: 'started', sequence: 1 });
  });

  test('The beginning of a rollout is refused under the name of one that has ended', async () => {
    const rollout = await begun();
    await rollouts.end(rollout.id, 'finished', 'done');

    const later = rollouts.begin({ ...rollout, startedAt: '2027-03-01T00:00:00.000Z' }, once);

    await expect(later).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  test('The beginning of a rollout comes too late when one that was asked for later has begun', async () => {
    const newer = await begun({ version: 'b', startedAt: '2026-11-22T12:00:01.000Z' });
    const older = aRollout({ certificate: newer.certificate, version: 'a' });

    expect(await rollouts.begin(older, once)).toEqual({ type: 'superseded', by: newer.id });
    expect(await rollouts.control(older.id)).toBeNull();
  });
});

describe('a version announced twice', () => {
  const announcedAgain = async (rollout: { certificate: string }, how = once) =>
    rollouts.begin(aRollout({ certificate: rollout.certificate }), how);

  test.each(['finished', 'finished_with_failures', 'halted'] as const)(
    'A version announced twice is one rollout (%s)',
    async (outcome) => {
      const rollout = await begun();
      if (outcome === 'halted') await rollouts.halt(rollout.id, 'by a person');
      await rollouts.end(rollout.id, outcome, 'over');

      expect(await announcedAgain(rollout)).toEqual({ type: 'exists', by: rollout.id });
    },
  );

  test('A version announced twice is one rollout while the first is running, or being rolled back', async () => {
    const rollout = await begun();

    const whileRunning = await announcedAgain(rollout);
    await rollouts.startRollback(rollout.id);
    const whileRollingBack = await announcedAgain(rollout);

    expect(whileRunning).toEqual({ type: 'exists', by: rollout.id });
    expect(whileRollingBack).toEqual({ type: 'exists', by: rollout.id });
  });

  test.each(['refused', 'superseded', 'rolled_back', 'rollback_incomplete'] as const)(
    'A version is rolled out again when the first rollout was %s',
    async (outcome) => {
      const rollout = await begun();
      await rollouts.end(rollout.id, outcome, 'over');

      expect(await announcedAgain(rollout)).toMatchObject({ type: 'started', sequence: 2 });
    },
  );

  test('A version announced twice is rolled out again when the request has repeat: true', async () => {
    const rollout = await begun();

    expect(await announcedAgain(rollout, again)).toMatchObject({ type: 'started', sequence: 2 });
  });

  test('A version announced twice is one rollout also for two that have found the same one broken off', async () => {
    const { id: brokeOff, certificate } = await begun();

    const [one, other] = [aRollout({ certificate }), aRollout({ certificate })];
    const answers = [
      await rollouts.begin(one, { ...once, brokeOff }),
      await rollouts.begin(other, { ...once, brokeOff }),
    ];

    expect(answers).toMatchObject([{ type: 'started' }, { type: 'exists', by: one.id }]);
  });

  test('A version announced twice is rolled out again when another version was installed in between', async () => {
    const rollout = await begun({ version: 'new' });
    await begun({ certificate: rollout.certificate, version: 'other' });

    expect(await announcedAgain(rollout)).toMatchObject({ type: 'started', sequence: 3 });
  });
});

describe('a source check for new versions', () => {
  const look = { repeat: false, onlyNew: true };
  const lookAt = (certificate: string, version: string) =>
    rollouts.begin(aRollout({ certificate, version }), look);

  test('A source check for new versions rolls out only what no rollout has deployed', async () => {
    const { certificate } = await begun({ version: 'old' });

    expect(await lookAt(certificate, 'new')).toMatchObject({ type: 'started', sequence: 2 });
  });

  test("A source check for new versions does not reverse an operator's rollback", async () => {
    const { certificate } = await begun({ version: 'old' });
    const newer = await begun({ certificate, version: 'new' });
    await begun({ certificate, version: 'old' });

    expect(await lookAt(certificate, 'new')).toEqual({ type: 'exists', by: newer.id });
  });

  test('A source check for new versions does not retry every day what was rolled back', async () => {
    const { id, certificate } = await begun();
    await rollouts.end(id, 'rolled_back', 'two failures');

    expect(await lookAt(certificate, 'new')).toEqual({ type: 'exists', by: id });
  });

  test('A source check for new versions retries what was refused', async () => {
    const { id, certificate } = await begun();
    await rollouts.end(id, 'refused', 'no targets');

    expect(await lookAt(certificate, 'new')).toMatchObject({ type: 'started', sequence: 2 });
  });
});

describe('a rollout for a part', () => {
  const only = { hosts: ['i-0123456789abcdef0'] };

  test('A partial rollout has the number of the latest complete one, and supersedes none', async () => {
    const whole = await begun();

    const answer = await rollouts.begin(aRollout({ certificate: whole.certificate, only }), once);

    expect(answer).toMatchObject({ type: 'started', sequence: 1 });
    expect((await rollouts.control(whole.id))?.supersededBy).toBeNull();
  });

  test('A rollout for a part of another version comes before the whole one that is under way, which does not supersede it', async () => {
    const whole = await begun({ version: 'new' });
    const part = aRollout({ certificate: whole.certificate, version: 'current', only });

    expect(await rollouts.begin(part, once)).toMatchObject({ type: 'started', sequence: 0 });
    expect((await rollouts.control(part.id))?.supersededBy).toBeNull();

    await rollouts.halt(whole.id, 'enough');
    const later = aRollout({ certificate: whole.certificate, version: 'current', only });
    expect(await rollouts.begin(later, once)).toMatchObject({ type: 'started', sequence: 1 });
  });

  test('A rollout for a part has number 0 before the first whole one', async () => {
    expect(await rollouts.begin(aRollout({ certificate: aCertificateName(), only }), once)).toMatchObject({
      type: 'started',
      sequence: 0,
    });
  });

  test('A rollout for a part is superseded by a whole one that begins later', async () => {
    const part = await begun({ only });

    const whole = await begun({ certificate: part.certificate });

    expect((await rollouts.control(part.id))?.supersededBy).toBe(whole.id);
  });
});
