import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DeploymentState } from '../../core/deployment/deployment.ts';
import { createHandler } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { aBegunRollout } from '../fixtures/begun-rollout.ts';
import { anExecution, aTargetId, fingerprint, rawRequest, source } from '../fixtures/factories.ts';
import { aWorld, startTables, type World } from '../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let world: World;
let acquire: ReturnType<typeof createHandler>;
beforeAll(async () => {
  tables = await startTables();
});
beforeEach(() => {
  world = aWorld(tables.documents);
  acquire = createHandler(world);
});
afterAll(() => tables.close());

describe('AcquireLock', () => {
  test('AcquireLock answers the whole state of a deployment, every field there', async () => {
    const execution = anExecution('deploy-1');
    const rollout = await aBegunRollout(world);

    const state = await acquire({ execution, request: rawRequest({ rollout }) });

    expect(DeploymentState.parse(state)).toEqual(state);
    expect(state.deployment).toMatchObject({
      id: 'deploy-1',
      executionArn: execution.id,
      startedAt: '2026-11-22T11:59:58.500Z',
      requestNumber: 1,
      fence: 1,
      rollout,
      probeFrom: 'lambda',
    });
    expect(state).toMatchObject({ push: null, rollback: null, failure: null, probe: { attempt: 0 } });
  });

  test.each([
    ['none', 'none'],
    [{ endpoint: '127.0.0.1:25', protocol: 'smtp' }, 'host'],
    [{ endpoint: '127.0.0.1:443' }, 'lambda'],
  ])('AcquireLock returns from where the endpoint is probed (%j: %s)', async (verify, probeFrom) => {
    const state = await acquire({ execution: anExecution(), request: rawRequest({ target: { verify } }) });

    expect(state.deployment.probeFrom).toBe(probeFrom);
  });

  test('AcquireLock answers the same again to the same execution', async () => {
    const event = { execution: anExecution(), request: rawRequest() };

    expect(await acquire(event)).toEqual(await acquire(event));
  });

  test('AcquireLock throws LockHeld, naming the holder, while another execution runs', async () => {
    const request = rawRequest();
    const holder = anExecution();
    await acquire({ execution: holder, request });

    const second = acquire({ execution: anExecution(), request });

    await expect(second).rejects.toMatchObject({
      name: 'LockHeld',
      message: expect.stringContaining(holder.id),
    });
  });

  test('AcquireLock ends the wait of a request with a maximum, naming the holder, and not before', async () => {
    const target = rawRequest().target;
    const holder = anExecution();
    await acquire({ execution: holder, request: rawRequest({ target }) });
    const waiting = { execution: anExecution(), request: rawRequest({ target, lockWaitSeconds: 30 }) };

    world.clock.set('2026-11-22T12:00:28.000Z');
    await expect(acquire(waiting)).rejects.toMatchObject({ name: 'LockHeld' });
    world.clock.set('2026-11-22T12:00:28.500Z');
    await expect(acquire(waiting)).rejects.toMatchObject({
      name: 'LockWaitOver',
      message: expect.stringMatching(new RegExp(`${holder.id}.*the maximum wait of 30 s is over`)),
    });
    const impatient = { execution: anExecution(), request: rawRequest({ target, lockWaitSeconds: 0 }) };
    await expect(acquire(impatient)).rejects.toMatchObject({ name: 'LockWaitOver' });
  });

  test('AcquireLock counts at each try how long it has waited so far, without its splay, and nothing once it has the lock', async () => {
    const target = rawRequest().target;
    await acquire({ execution: anExecution(), request: rawRequest({ target }) });
    const waiting = { execution: anExecution(), request: rawRequest({ target, splaySeconds: 60 }) };

    for (const time of ['11:59:59.000', '12:05:58.500', '12:20:58.500']) {
      world.clock.set(`2026-11-22T${time}Z`);
      await expect(acquire(waiting)).rejects.toMatchObject({ name: 'LockHeld' });
    }
    await acquire({ execution: anExecution(), request: rawRequest() });

    expect(world.waits).toEqual([0, 300_000, 1_200_000]);
  });

  test('AcquireLock takes the lock over, with a higher fence, when its execution has ended', async () => {
    const request = rawRequest();
    const dead = anExecution();
    await acquire({ execution: dead, request });
    world.executions.ended.add(dead.id);

    const state = await acquire({ execution: anExecution(), request });

    expect(state.deployment.fence).toBe(2);
  });

  test('AcquireLock leaves the lock alone when Step Functions cannot be asked', async () => {
    const request = rawRequest();
    const holder = anExecution();
    await acquire({ execution: holder, request });
    world.executions.unreachable.add(holder.id);

    await expect(acquire({ execution: anExecution(), request })).rejects.toMatchObject({ name: 'LockHeld' });
  });

  test('AcquireLock throws Superseded to an earlier request, whether the lock is held or free', async () => {
    const target = { id: aTargetId() };
    const number = (requestId: string) =>
      world.locks.registerRequest({
        targetId: target.id,
        requestId,
        supersedes: true,
        now: world.clock.now(),
      });
    const earlier = await number('a');
    const later = await number('b');
    const event = { execution: anExecution(), request: rawRequest({ target, requestNumber: earlier }) };

    await expect(acquire(event)).rejects.toMatchObject({ name: 'Superseded' });
    await acquire({ execution: anExecution(), request: rawRequest({ target, requestNumber: later }) });

    await expect(acquire(event)).rejects.toMatchObject({ name: 'Superseded' });
  });

  test('AcquireLock refuses a request number out of thin air, which would end all later requests', async () => {
    const event = { execution: anExecution(), request: rawRequest({ requestNumber: 1000 }) };

    await expect(acquire(event)).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('requestNumber 1000 was never issued'),
    });
  });

  test('AcquireLock keeps what the last request wanted, and a dry run wants nothing', async () => {
    const target = { id: aTargetId() };
    const dead = anExecution();
    await acquire({ execution: dead, request: rawRequest({ target }) });
    world.executions.ended.add(dead.id);
    const dryRun = { ...rawRequest({ target, action: 'validate' }) };
    await acquire({
      execution: anExecution(),
      request: { ...dryRun, version: { fingerprint: fingerprint('other'), source } },
    });

    expect(await world.desiredVersions.find(target.id)).toMatchObject({
      action: 'deploy',
      fingerprint: fingerprint('new'),
      requestNumber: 1,
      source,
    });
  });

  test.each([
    [{ target: { host: 'web-1' } }, 'InvalidTarget', 'target.host'],
    [{ target: { verify: undefined } }, 'InvalidTarget', 'target.verify'],
    [{ version: { fingerprint: 'sha1:00', source } }, 'InvalidRequest', 'version.fingerprint'],
    [{ version: null }, 'InvalidRequest', 'version is required'],
    [{ action: 'rollback' }, 'InvalidRequest', 'version must be null'],
    [{ action: 'explode' }, 'InvalidRequest', 'action'],
  ])('AcquireLock refuses %j as %s naming %s', async (overrides, name, mentioned) => {
    const refused = acquire({ execution: anExecution(), request: rawRequest(overrides) });

    await expect(refused).rejects.toMatchObject({ name, message: expect.stringContaining(mentioned) });
  });

  test('AcquireLock refuses an execution whose name cannot be a deployment id', async () => {
    const refused = acquire({ execution: anExecution('a.b'), request: rawRequest() });

    await expect(refused).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('"a.b"'),
    });
  });
});
