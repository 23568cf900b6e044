import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHistory } from '../../services/history/history.ts';
import { createTargetLocks } from '../../services/locks/target-locks.ts';
import { anExecution, aTargetId, rawRequest } from '../fixtures/factories.ts';
import { aWorld, startTables, tableNames, type World } from '../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

/** Answers of DynamoDB that get lost on the way back: the write has happened, the caller sees a broken connection. */
function losing(documents: DynamoDBDocumentClient, isLost: () => boolean): DynamoDBDocumentClient {
  return new Proxy(documents, {
    get: (client, member) =>
      member !== 'send'
        ? Reflect.get(client, member)
        : async (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
            const answer = await client.send(command);
            if (isLost()) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
            return answer;
          },
  });
}

const retried = new Set(['LockHeld', 'TimeoutError']);
const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');

/** What the state machine does: waits for a lock that is held, repeats what got lost. */
async function persistently<Result>(call: () => Promise<Result>): Promise<Result | 'superseded'> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (nameOf(error) === 'Superseded') return 'superseded';
      if (!retried.has(nameOf(error))) throw error;
      await sleep(5 + Math.random() * 20);
    }
  }
}

interface Story {
  readonly action: 'deploy' | 'validate';
  /** Which of the executions die while they hold the lock. */
  readonly dies: (at: number) => boolean;
  readonly isLost: () => boolean;
}

/** Many executions for one target at once; what each got, in the order in which it got it. */
async function play(world: World, count: number, { action, dies, isLost }: Story) {
  const target = { id: aTargetId() };
  const flaky = losing(tables.documents, isLost);
  const by = {
    ...world,
    locks: createTargetLocks(flaky, tableNames.locks),
    history: createHistory(flaky, tableNames),
  };
  const [acquire, record] = [acquireLock(by), recordOutcome(by)];
  const turns: { at: number; fence: number; requestNumber: number }[] = [];
  const inside = new Set<number>();
  let maximumHolders = 0;

  const one = async (at: number) => {
    const execution = anExecution();
    const request = rawRequest({ target, action });
    const state = await persistently(() => acquire({ execution, request }));
    if (state === 'superseded') return;
    inside.add(at);
    maximumHolders = Math.max(maximumHolders, inside.size);
    turns.push({ at, fence: state.deployment.fence, requestNumber: state.deployment.requestNumber });
    await sleep(Math.random() * 3);
    inside.delete(at);
    if (dies(at)) world.executions.ended.add(execution.id);
    else
      await persistently(() =>
        record({ path: 'committed', execution, request, state: { ...state, push: null } }),
      );
  };
  await Promise.all(Array.from({ length: count }, (_, at) => one(at)));
  return { target, turns, maximumHolders };
}

const strictlyRising = (numbers: readonly number[]) =>
  numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0));

describe('fifty executions for one target', () => {
  test('Fifty executions for one target hold it one at a time, under fences that rise by one, and leave no lock', async () => {
    const world = aWorld(tables.documents);

    const { target, turns, maximumHolders } = await play(world, 50, {
      action: 'validate',
      dies: () => false,
      isLost: () => false,
    });

    expect(maximumHolders).toBe(1);
    expect(turns.map(({ fence }) => fence)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    expect(await world.locks.read(target.id)).toMatchObject({ owner: null, fence: 50 });
    expect(await world.history.list({ targetId: target.id })).toHaveLength(50);
  });

  test('Fifty executions for one target end with the one requested last; those before it come earlier or are superseded', async () => {
    const world = aWorld(tables.documents);

    const { target, turns, maximumHolders } = await play(world, 50, {
      action: 'deploy',
      dies: () => false,
      isLost: () => false,
    });

    expect(maximumHolders).toBe(1);
    expect(strictlyRising(turns.map(({ fence }) => fence))).toBe(true);
    expect(strictlyRising(turns.map(({ requestNumber }) => requestNumber))).toBe(true);
    expect(turns.at(-1)?.requestNumber).toBe(50);
    expect((await world.locks.read(target.id)).owner).toBeNull();
  });

  test('Fifty executions for one target lose answers and die while holding it, and still hold it one at a time under rising fences', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        async (count, mode) => {
          const world = aWorld(tables.documents);
          let answers = 0;

          const { target, turns, maximumHolders } = await play(world, count, {
            action: mode % 2 === 0 ? 'validate' : 'deploy',
            dies: (at) => at % 3 === 1,
            isLost: () => ++answers % (mode + 4) === 0,
          });

          const last = turns.at(-1);
          const lock = await world.locks.read(target.id);
          expect(maximumHolders).toBe(1);
          expect(strictlyRising(turns.map(({ fence }) => fence))).toBe(true);
          expect(lock.fence).toBe(last?.fence);
          expect(lock.owner === null).toBe((last?.at ?? 0) % 3 !== 1);
        },
      ),
      { numRuns: 12 },
    );
  });
});
