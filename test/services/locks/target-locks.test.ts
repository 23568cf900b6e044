import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim } from '../../../services/locks/target-locks.ts';
import { aTargetId } from '../../fixtures/factories.ts';
import { aWorld, startTables, tableNames, type World } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let world: World;
beforeAll(async () => {
  tables = await startTables();
  world = aWorld(tables.documents);
});
afterAll(() => tables.close());

const now = new Date('2026-11-22T12:00:00.000Z');

async function claimOf(targetId: string, executionArn: string, supersedes = true): Promise<Claim> {
  const requestNumber = await world.locks.registerRequest({
    targetId,
    requestId: executionArn,
    supersedes,
    now,
  });
  return { targetId, executionArn, requestNumber, supersedes, startedAt: now.toISOString(), now };
}

describe('request numbers', () => {
  test('Request numbers grow by one with each request for a target', async () => {
    const targetId = aTargetId();

    const numbers = [];
    for (const requestId of ['a', 'b', 'c']) {
      numbers.push(await world.locks.registerRequest({ targetId, requestId, supersedes: true, now }));
    }

    expect(numbers).toEqual([1, 2, 3]);
  });

  test('Request numbers are the same for the same request, in parallel and later', async () => {
    const targetId = aTargetId();
    const register = () => world.locks.registerRequest({ targetId, requestId: 'one', supersedes: true, now });

    const numbers = await Promise.all(Array.from({ length: 10 }, register));
    numbers.push(await register());

    expect(new Set(numbers).size).toBe(1);
    expect((await world.locks.read(targetId)).latestRequest).toBe(numbers[0]);
  });

  test('Request numbers are all different for parallel requests, and the highest is in force', async () => {
    const targetId = aTargetId();

    const numbers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        world.locks.registerRequest({ targetId, requestId: `r${at}`, supersedes: true, now }),
      ),
    );

    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect((await world.locks.read(targetId)).latestRequest).toBe(40);
  });

  test('Request numbers of a dry run do not end earlier requests', async () => {
    const targetId = aTargetId();

    await world.locks.registerRequest({ targetId, requestId: 'deploy', supersedes: true, now });
    await world.locks.registerRequest({ targetId, requestId: 'dry run', supersedes: false, now });

    expect(await world.locks.read(targetId)).toMatchObject({ requests: 2, latestRequest: 1 });
  });

  test('Request numbers are forgotten after their executions can no longer ask', async () => {
    const targetId = aTargetId();
    await world.locks.registerRequest({ targetId, requestId: 'r', supersedes: true, now });

    const { Item } = await tables.documents.send(
      new GetCommand({ TableName: tableNames.locks, Key: { pk: `request#${targetId}#r` } }),
    );

    expect(Item?.expiresAt).toBe(1_795_953_600);
  });
});

describe('a target’s lock', () => {
  test('A target’s lock is given to the first who asks, with fence 1', async () => {
    const claim = await claimOf(aTargetId(), 'a');

    expect(await world.locks.acquire(claim)).toEqual({ type: 'acquired', fence: 1 });
  });

  test('A target’s lock is given to the same execution again with the same fence', async () => {
    const claim = await claimOf(aTargetId(), 'a');
    await world.locks.acquire(claim);

    expect(await world.locks.acquire(claim)).toEqual({ type: 'acquired', fence: 1 });
  });

  test('A target’s lock stays with its execution even when a later request is in force by then', async () => {
    const targetId = aTargetId();
    const claim = await claimOf(targetId, 'a');
    await world.locks.acquire(claim);
    await claimOf(targetId, 'b');

    expect(await world.locks.acquire(claim)).toEqual({ type: 'acquired', fence: 1 });
  });

  test('A target’s lock names its holder to everybody else', async () => {
    const targetId = aTargetId();
    await world.locks.acquire(await claimOf(targetId, 'a'));

    const answer = await world.locks.acquire(await claimOf(targetId, 'b'));

    expect(answer).toEqual({ type: 'held', owner: 'a', fence: 1 });
  });

  test('A target’s lock is refused to a request that a later one has overtaken, free or held', async () => {
    const targetId = aTargetId();
    const earlier = await claimOf(targetId, 'a');
    const later = await claimOf(targetId, 'b');

    const whileFree = await world.locks.acquire(earlier);
    await world.locks.acquire(later);
    const whileHeld = await world.locks.acquire(earlier);

    expect(whileFree).toEqual({ type: 'superseded', by: 2 });
    expect(whileHeld).toEqual({ type: 'superseded', by: 2 });
  });

  test('A target’s lock is given to a dry run whatever was requested later', async () => {
    const targetId = aTargetId();
    const dryRun = await claimOf(targetId, 'a', false);
    await claimOf(targetId, 'b');

    expect(await world.locks.acquire(dryRun)).toEqual({ type: 'acquired', fence: 1 });
  });

  test('A target’s lock is refused to a request number that was never given out', async () => {
    const claim = await claimOf(aTargetId(), 'a');

    const answer = await world.locks.acquire({ ...claim, requestNumber: 99 });

    expect(answer).toEqual({ type: 'unknown_number', highest: 1 });
  });

  test('A target’s lock is taken over once, from the owner and fence that were seen', async () => {
    const targetId = aTargetId();
    await world.locks.acquire(await claimOf(targetId, 'dead'));
    const seen = { type: 'held', owner: 'dead', fence: 1 } as const;
    const claims = [await claimOf(targetId, 'b', false), await claimOf(targetId, 'c', false)];

    const answers = await Promise.all(claims.map((claim) => world.locks.takeOver(claim, seen)));

    expect(answers.filter(({ type }) => type === 'acquired')).toEqual([{ type: 'acquired', fence: 2 }]);
    expect(answers.filter(({ type }) => type === 'held')).toHaveLength(1);
  });

  test('A target’s lock is taken over by the same execution with the same fence when the first answer was lost', async () => {
    const targetId = aTargetId();
    await world.locks.acquire(await claimOf(targetId, 'dead'));
    const seen = { type: 'held', owner: 'dead', fence: 1 } as const;
    const claim = await claimOf(targetId, 'b');
    await world.locks.takeOver(claim, seen);

    expect(await world.locks.takeOver(claim, seen)).toEqual({ type: 'acquired', fence: 2 });
  });

  test('A target’s lock forgets what the dead owner was sending, and keeps counting', async () => {
    const targetId = aTargetId();
    await world.locks.acquire(await claimOf(targetId, 'dead'));
    await world.pending.intend({ targetId, executionArn: 'dead', fence: 1 }, 'push:dead:0:0');

    await world.locks.takeOver(await claimOf(targetId, 'b'), { type: 'held', owner: 'dead', fence: 1 });

    expect(await world.locks.read(targetId)).toMatchObject({
      owner: 'b',
      fence: 2,
      pending: null,
      requests: 2,
      latestRequest: 2,
    });
  });
});
