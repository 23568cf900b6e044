import { describe, expect, test } from 'vitest';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as releaseLock } from '../../lambdas/handlers/events/release-lock.ts';
import { anExecution, fingerprint, rawRequest } from '../fixtures/factories.ts';
import { pushResult } from '../fixtures/results.ts';
import { useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

async function running(overrides = {}) {
  const [execution, request] = [anExecution(), rawRequest(overrides)];
  const state = await acquireLock(world)({ execution, request });
  return { execution, request, state, targetId: request.target.id };
}

function end(
  { execution, request }: { execution: ReturnType<typeof anExecution>; request: unknown },
  status: string,
  input: string | null = JSON.stringify(request),
) {
  if (status !== 'RUNNING') world.executions.ended.add(execution.id);
  const { id: executionArn, name } = execution;
  return releaseLock(world)({
    detail: { executionArn, name, status, startDate: Date.parse(execution.startedAt), input },
  });
}

describe('release-lock', () => {
  test.each(['ABORTED', 'TIMED_OUT', 'FAILED'])(
    'ReleaseLock releases the lock and writes lost when an execution ended %s unrecorded',
    async (status) => {
      const run = await running();

      await end(run, status);

      expect(await world.locks.read(run.targetId)).toMatchObject({ owner: null, fence: 1 });
      expect(await world.history.list({ targetId: run.targetId })).toMatchObject([
        {
          deploymentId: run.execution.name,
          outcome: 'lost',
          reason: status,
          fence: 1,
          fingerprint: fingerprint('new'),
          summary: expect.stringContaining('no job was sent to the host'),
          recordedBy: 'status-change',
        },
      ]);
    },
  );

  test('ReleaseLock records that a job may have run when one was on its way', async () => {
    const run = await running();
    const holding = { targetId: run.targetId, executionArn: run.execution.id, fence: 1 };
    await world.pending.intend(holding, 'push');

    await end(run, 'ABORTED');

    const [item] = await world.history.list({ targetId: run.targetId });
    expect(item?.summary).toContain('a job was sent and the host may have performed it');
  });

  test('ReleaseLock writes one item, however often the event comes', async () => {
    const run = await running();

    await Promise.all([end(run, 'ABORTED'), end(run, 'ABORTED')]);
    await end(run, 'ABORTED');

    expect(await world.history.list({ targetId: run.targetId })).toHaveLength(1);
  });

  test.each(['SUCCEEDED', 'FAILED'])(
    'ReleaseLock changes nothing after an execution that recorded itself (%s)',
    async (status) => {
      const run = await running();
      const push = pushResult({ outcome: 'applied' });
      await recordOutcome(world)({ path: 'committed', ...run, state: { ...run.state, push } });
      const before = await world.history.list({ targetId: run.targetId });

      await end(run, status);

      expect(await world.history.list({ targetId: run.targetId })).toEqual(before);
    },
  );

  test('ReleaseLock writes an execution down that was aborted while it waited, and leaves the holder alone', async () => {
    const holder = await running();
    const waiting = { execution: anExecution(), request: rawRequest({ target: { id: holder.targetId } }) };

    await end(waiting, 'ABORTED');

    expect(await world.locks.read(holder.targetId)).toMatchObject({ owner: holder.execution.id });
    expect(await world.history.list({ targetId: holder.targetId })).toMatchObject([
      { outcome: 'lost', fence: null, summary: expect.stringContaining("did not hold the target's lock") },
    ]);
  });

  test('ReleaseLock leaves the lock to an execution that runs again', async () => {
    const run = await running();
    const { id: executionArn, name } = run.execution;
    const detail = {
      executionArn,
      name,
      status: 'ABORTED',
      startDate: 0,
      input: JSON.stringify(run.request),
    };

    await releaseLock(world)({ detail });

    expect(await world.locks.read(run.targetId)).toMatchObject({ owner: executionArn });
    expect(await world.history.list({ targetId: run.targetId })).toEqual([]);
  });

  test('ReleaseLock gives way to what the graph records after a redrive', async () => {
    const run = await running();
    await end(run, 'TIMED_OUT');

    const push = pushResult({ outcome: 'applied' });
    await recordOutcome(world)({ path: 'committed', ...run, state: { ...run.state, push } });

    expect(await world.history.list({ targetId: run.targetId })).toMatchObject([{ outcome: 'deployed' }]);
  });

  test('ReleaseLock releases the lock again when an execution breaks off again after its redrive', async () => {
    const holder = await running();
    const [execution, request] = [anExecution(), rawRequest({ target: { id: holder.targetId } })];
    await end({ execution, request }, 'ABORTED');
    await end(holder, 'ABORTED');
    await acquireLock(world)({ execution, request });

    await end({ execution, request }, 'TIMED_OUT');

    expect(await world.locks.read(holder.targetId)).toMatchObject({ owner: null, fence: 2 });
    expect(await world.history.find(holder.targetId, execution.id)).toMatchObject({ reason: 'TIMED_OUT' });
  });

  test('ReleaseLock leaves a lock to its next owner when the event does not name the current one', async () => {
    const run = await running();

    await end(run, 'ABORTED', null);

    expect(await world.locks.read(run.targetId)).toMatchObject({ owner: run.execution.id });
    const next = await acquireLock(world)({ execution: anExecution(), request: run.request });
    expect(next.deployment.fence).toBe(2);
  });

  test('ReleaseLock ignores an execution that begins', async () => {
    const run = await running();

    await end(run, 'RUNNING');

    expect(await world.locks.read(run.targetId)).toMatchObject({ owner: run.execution.id });
  });
});
