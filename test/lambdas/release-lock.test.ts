import { describe, expect, test } from 'vitest';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
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
    'ReleaseLock releases the lock and writes rejected when an execution ended %s unrecorded before it sent a job',
    async (status) => {
      const run = await running();

      await end(run, status);

      expect(await world.locks.read(run.targetId)).toMatchObject({ owner: null, fence: 1 });
      expect(await world.history.list({ targetId: run.targetId })).toMatchObject([
        {
          deploymentId: run.execution.name,
          outcome: 'rejected',
          reason: 'Interrupted',
          fence: 1,
          fingerprint: fingerprint('new'),
          summary: expect.stringContaining(
            `status ${status} before it recorded its outcome; no job was sent`,
          ),
          recordedBy: 'status-change',
        },
      ]);
    },
  );

  test('ReleaseLock records lost when a job may have run because one was on its way', async () => {
    const run = await running();
    const holding = { targetId: run.targetId, executionArn: run.execution.id, fence: 1 };
    await world.pending.intend(holding, 'push');

    await end(run, 'ABORTED');

    const [item] = await world.history.list({ targetId: run.targetId });
    expect(item).toMatchObject({ outcome: 'lost', reason: 'ABORTED' });
    expect(item?.summary).toContain('a job was sent and the host may have performed it');
  });

  test('ReleaseLock records lost when an undo job was sent again, although its first command is forgotten', async () => {
    const run = await running();
    const deployment = run.state.deployment;
    await rollBack(world)({ deployment, taskToken: 'first' });
    const [{ commandId = '' } = {}] = world.commands.sent;
    world.commands.end(commandId, { status: 'Failed' });
    const command = await world.pending.find(commandId);
    if (command !== null) await world.pending.forget(command);

    await end(run, 'ABORTED');

    expect(await world.history.list({ targetId: run.targetId })).toMatchObject([{ outcome: 'lost' }]);
  });

  test('ReleaseLock records lost when another execution has taken over the lock and ended since', async () => {
    const run = await running();
    const next = { execution: anExecution(), request: rawRequest({ target: { id: run.targetId } }) };
    world.executions.ended.add(run.execution.id);
    const state = await acquireLock(world)(next);
    await recordOutcome(world)({ ...next, path: 'committed', state });

    await end(run, 'ABORTED');

    const items = await world.history.list({ targetId: run.targetId });
    expect(items.find(({ executionArn }) => executionArn === run.execution.id)).toMatchObject({
      outcome: 'lost',
      summary: expect.stringContaining('it is unknown whether it held the lock'),
    });
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
      {
        outcome: 'rejected',
        reason: 'Interrupted',
        fence: null,
        summary: expect.stringContaining('it only waited for the lock of the target'),
      },
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
    expect(await world.history.find(holder.targetId, execution.id)).toMatchObject({
      summary: expect.stringContaining('TIMED_OUT'),
    });
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
