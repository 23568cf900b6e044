import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { aBegunRollout } from '../fixtures/begun-rollout.ts';
import { anExecution, fingerprint, rawRequest } from '../fixtures/factories.ts';
import { committed, record } from '../fixtures/recording-calls.ts';
import { tableNames, useWorld, type World } from '../fixtures/world.ts';

let documents: DynamoDBDocumentClient;
let world: World;
useWorld((made, tables) => {
  world = made;
  documents = tables.documents;
});

describe('the recording states', () => {
  test('The recording states write how the deployment ended and let go of the lock', async () => {
    world.clock.set('2026-11-22T12:00:01.500Z');
    const rollout = await aBegunRollout(world);
    const ended = await committed(world, { rollout });
    world.clock.set('2026-11-22T12:00:10.000Z');

    const output = await record(world, ended);

    const targetId = ended.request.target.id;
    expect(output).toEqual({
      deploymentId: ended.execution.name,
      targetId,
      outcome: 'deployed',
      summary: 'the host said applied; not probed yet',
      reason: null,
      fingerprint: fingerprint('new'),
      previousFingerprint: fingerprint('old'),
      fence: 1,
      warnings: [],
      repair: null,
    });
    expect(await world.history.list({ targetId })).toEqual([
      {
        ...output,
        certificate: 'api.example.com',
        rollout,
        action: 'deploy',
        requestNumber: 1,
        executionArn: ended.execution.id,
        startedAt: '2026-11-22T11:59:58.500Z',
        endedAt: '2026-11-22T12:00:10.000Z',
        durations: { lockWaitMs: 3000, totalMs: 11_500 },
        recordedBy: 'graph',
      },
    ]);
    expect(await world.locks.read(targetId)).toMatchObject({ owner: null, pending: null, fence: 1 });
  });

  test('The recording states keep the item for 400 days, under its start and its id', async () => {
    const ended = await committed(world);
    world.clock.set('2026-11-22T12:00:00.000Z');
    await record(world, ended);

    const { Item } = await documents.send(
      new GetCommand({
        TableName: tableNames.deployments,
        Key: {
          targetId: ended.request.target.id,
          sk: `2026-11-22T11:59:58.500Z#${ended.execution.name}`,
        },
      }),
    );

    expect(Item?.expiresAt).toBe(1_829_908_800);
  });

  test('The recording states are found by certificate and by rollout', async () => {
    const rollout = await aBegunRollout(world);
    const ended = await committed(world, { rollout, target: { certificate: 'by-index.example.com' } });
    await record(world, ended);

    const find = async (IndexName: string, key: string, value: string) => {
      const { Items } = await documents.send(
        new QueryCommand({
          TableName: tableNames.deployments,
          IndexName,
          KeyConditionExpression: `${key} = :value`,
          ExpressionAttributeValues: { ':value': value },
        }),
      );
      return Items?.map(({ targetId }) => targetId);
    };

    expect(await find('byRollout', 'rollout', rollout)).toEqual([ended.request.target.id]);
    expect(await find('byCertificate', 'certificate', 'by-index.example.com')).toEqual([
      ended.request.target.id,
    ]);
  });

  test('The recording states change nothing when the same execution records again', async () => {
    const ended = await committed(world);
    const first = await record(world, ended);
    world.clock.set('2026-11-23T00:00:00.000Z');

    const second = await record(world, { ...ended, path: 'lost' });

    const items = await world.history.list({ targetId: ended.request.target.id });
    expect(second).toEqual(first);
    expect(items).toMatchObject([{ outcome: 'deployed', endedAt: '2026-11-22T12:00:00.000Z' }]);
  });

  test('The recording states never release a lock that another execution holds by then', async () => {
    const ended = await committed(world);
    const targetId = ended.request.target.id;
    world.executions.ended.add(ended.execution.id);
    const next = anExecution();
    await acquireLock(world)({ execution: next, request: rawRequest({ target: { id: targetId } }) });

    const output = await record(world, ended);

    expect(output.outcome).toBe('deployed');
    expect(await world.locks.read(targetId)).toMatchObject({ owner: next.id, fence: 2 });
  });

  test('The recording states record an execution that never got the lock, from its raw input', async () => {
    const request = rawRequest();
    const failure = {
      Error: 'LockHeld',
      Cause: JSON.stringify({ errorType: 'LockHeld', errorMessage: 'held by X', trace: ['at y'] }),
    };

    const output = await record(world, {
      path: 'lock_unavailable',
      execution: anExecution(),
      request,
      state: { ...request, failure },
    });

    const [targetId, reason] = [request.target.id, 'LockHeld'];
    expect(output).toMatchObject({ targetId, outcome: 'lock_unavailable', reason, fence: null });
    expect(output).toMatchObject({ summary: 'LockHeld: held by X', fingerprint: fingerprint('new') });
  });

  test.each([
    [{ target: { id: 'web-raw', host: 'nonsense' } }, 'web-raw'],
    [{ target: 'web-1' }, 'unknown'],
    ['not even an object', 'unknown'],
    [null, 'unknown'],
  ])('The recording states record an input that cannot be read at all (%j)', async (request, targetId) => {
    const execution = anExecution();
    const failure = { Error: 'InvalidRequest', Cause: '{"errorMessage":"target.host: …"}' };

    const output = await record(world, {
      path: 'failed',
      execution,
      request,
      state: typeof request === 'object' ? { ...request, failure } : { failure },
    });

    expect(output).toMatchObject({ targetId, outcome: 'rejected', reason: 'InvalidRequest' });
    expect(await world.history.find(targetId, execution.id)).toMatchObject({ outcome: 'rejected' });
  });

  test('The history lists the latest first, of one target or of all, and since a time', async () => {
    const earlier = await committed(world);
    await record(world, earlier);
    const later = { ...(await committed(world, { target: { id: earlier.request.target.id } })) };
    await record(world, {
      ...later,
      execution: { ...later.execution, startedAt: '2026-11-22T13:00:00.000Z' },
    });

    const targetId = earlier.request.target.id;
    const ids = (await world.history.list({ targetId })).map(({ deploymentId }) => deploymentId);
    expect(ids).toEqual([later.execution.name, earlier.execution.name]);
    expect(await world.history.list({ targetId, limit: 1 })).toHaveLength(1);
    expect((await world.history.list())[0]?.deploymentId).toBe(later.execution.name);
    for (const query of [{ targetId }, { certificate: 'api.example.com' }, {}]) {
      const since = await world.history.list({ ...query, since: '2026-11-22T13:00:00.000Z' });
      expect(since.map(({ deploymentId }) => deploymentId)).toContain(later.execution.name);
      expect(since.map(({ deploymentId }) => deploymentId)).not.toContain(earlier.execution.name);
    }
  });
});
