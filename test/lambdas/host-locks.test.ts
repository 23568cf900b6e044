import { beforeEach, describe, expect, test } from 'vitest';
import { deliver } from '../../lambdas/delivery/deliver.ts';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as releaseLock } from '../../lambdas/handlers/events/release-lock.ts';
import { FinalState } from '../../lambdas/recording/deployment-outcome.ts';
import { anExecution, aTargetId, facts, rawRequest } from '../fixtures/factories.ts';
import { pushResult } from '../fixtures/results.ts';
import { useWorld, type World } from '../fixtures/world.ts';

let world: World;
let host: string;
let hosts = 0;
useWorld((made) => {
  world = made;
});
beforeEach(() => {
  hosts += 1;
  host = `mi-${String(hosts).padStart(17, '0')}`;
});

const requestFor = (overrides: Parameters<typeof rawRequest>[0] = {}) =>
  rawRequest({ ...overrides, target: { id: aTargetId(), host, ...overrides.target } });

async function holding(overrides: Parameters<typeof rawRequest>[0] = {}) {
  const [execution, request] = [anExecution(), requestFor(overrides)];
  const state = await acquireLock(world)({ execution, request });
  return { execution, request, state, targetId: request.target.id };
}

const commit = ({ execution, request, state }: Awaited<ReturnType<typeof holding>>) =>
  recordOutcome(world)({
    ...{ path: 'committed', execution, request },
    state: FinalState.parse({ ...state, push: pushResult({ outcome: 'applied', version: facts('new') }) }),
  });

describe('a host', () => {
  test('A host is deployed to for one of its targets at a time, and the other deployment learns the host and the owner', async () => {
    const first = await holding();

    const second = acquireLock(world)({ execution: anExecution(), request: requestFor() });

    await expect(second).rejects.toMatchObject({
      name: 'LockHeld',
      message: expect.stringMatching(new RegExp(`${first.execution.id} holds host ${host}`)),
    });
  });

  test('A host is free again once the deployment is recorded', async () => {
    await commit(await holding());

    await expect(holding()).resolves.toMatchObject({ state: { deployment: { fence: 1 } } });
    expect(await world.hostLocks.read(host)).toMatchObject({ fence: 2 });
  });

  test('A host does not stand in the way of another host', async () => {
    await holding();

    await expect(holding({ target: { host: 'mi-fffffffffffffffff' } })).resolves.toBeDefined();
  });

  test('A host is held by a dry run too', async () => {
    await holding({ action: 'validate' });

    await expect(holding()).rejects.toMatchObject({ name: 'LockHeld' });
  });

  test('A host stays with the execution that asks again', async () => {
    const { execution, request, state } = await holding();

    expect(await acquireLock(world)({ execution, request })).toEqual(state);
    expect(await world.hostLocks.read(host)).toMatchObject({ owner: execution.id, fence: 1 });
  });

  test('A host is taken over from an execution that has ended, by one of those who want it', async () => {
    const dead = await holding();
    world.executions.ended.add(dead.execution.id);

    const tries = await Promise.allSettled([holding(), holding(), holding()]);

    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await world.hostLocks.read(host)).toMatchObject({ fence: 2 });
  });

  test('A host is not taken over while Step Functions cannot be asked', async () => {
    const holder = await holding();
    world.executions.unreachable.add(holder.execution.id);

    await expect(holding()).rejects.toMatchObject({ name: 'LockHeld' });
  });

  test('A host lets a request that waits for it end when a later one for its target is in force', async () => {
    await holding();
    const [execution, request] = [anExecution(), requestFor()];
    await expect(acquireLock(world)({ execution, request })).rejects.toMatchObject({ name: 'LockHeld' });
    const now = world.clock.now();
    const targetId = request.target.id;
    await world.locks.registerRequest({ targetId, requestId: 'later', supersedes: true, now });

    const again = acquireLock(world)({ execution, request });

    await expect(again).rejects.toMatchObject({ name: 'Superseded' });
  });

  test('A late outcome is recorded and leaves the host to its new owner', async () => {
    const late = await holding();
    const { read } = world.hostLocks;
    const by = {
      ...world,
      hostLocks: {
        ...world.hostLocks,
        read: async () => ({ owner: late.execution.id, fence: 1, targetId: null, acquiredAt: null }),
      },
    };
    world.executions.ended.add(late.execution.id);
    const next = await holding();

    await recordOutcome(by)({
      ...{ path: 'committed', execution: late.execution, request: late.request },
      state: FinalState.parse({
        ...late.state,
        push: pushResult({ outcome: 'applied', version: facts('new') }),
      }),
    });

    expect(await read(host)).toMatchObject({ owner: next.execution.id, fence: 2 });
    expect(await world.history.find(late.targetId, late.execution.id)).toMatchObject({ outcome: 'deployed' });
    expect(await world.locks.read(late.targetId)).toMatchObject({ owner: null });
  });

  test('A host is released with the target when an execution broke off', async () => {
    const { execution, request } = await holding();
    world.executions.ended.add(execution.id);
    const { id: executionArn, name } = execution;

    await releaseLock(world)({
      detail: { executionArn, name, status: 'ABORTED', startDate: 0, input: JSON.stringify(request) },
    });

    expect(await world.hostLocks.read(host)).toMatchObject({ owner: null, fence: 1 });
  });

  test('An execution that was redriven after another one took its host sends nothing to it, and its change is undone', async () => {
    const stopped = await holding();
    world.executions.ended.add(stopped.execution.id);
    await holding();
    const prepare = async () => ({ action: 'undo' as const, text: '' });
    const { deployment } = stopped.state;
    const send = (purpose: 'push' | 'undo') =>
      deliver(world, { deployment, taskToken: 't', purpose, prepare });
    world.commands.send = async () => 'c-1';

    await expect(send('push')).rejects.toMatchObject({
      name: 'StaleFence',
      message: expect.stringContaining(host),
    });
    await expect(send('undo')).resolves.toBe('not_ended');
  });
});
