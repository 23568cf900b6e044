import { describe, expect, test } from 'vitest';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { FinalState, type RecordingPath } from '../../lambdas/recording/deployment-outcome.ts';
import { aBegunRollout } from '../fixtures/begun-rollout.ts';
import { anExecution, aTargetId, rawRequest } from '../fixtures/factories.ts';
import { aCertificateName } from '../fixtures/new-rollout.ts';
import { pushResult } from '../fixtures/results.ts';
import { useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

const acquire = (overrides: Parameters<typeof rawRequest>[0], execution = anExecution()) =>
  acquireLock(world)({ execution, request: rawRequest(overrides) });
const rollback = { action: 'rollback', version: null } as const;

/** Two rollouts of one certificate, the newer one not begun yet. */
async function succession() {
  const certificate = aCertificateName();
  const older = await aBegunRollout(world, { certificate, version: 'older' });
  const begin = () =>
    aBegunRollout(world, { certificate, version: 'newer', startedAt: '2026-11-22T12:30:00.000Z' });
  return { older, begin, target: { id: aTargetId(), certificate } };
}

describe('a rollout’s deployment', () => {
  test('A rollout’s deployment begins while its rollout runs', async () => {
    const rollout = await aBegunRollout(world);

    await expect(acquire({ rollout })).resolves.toMatchObject({ deployment: { rollout, fence: 1 } });
  });

  test('A deployment of an unknown rollout is refused, because it could not be halted', async () => {
    await expect(acquire({ rollout: 'unheard-of' })).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('unheard-of'),
    });
  });

  test('A deployment is skipped when its rollout is halted, with the reason', async () => {
    const rollout = await aBegunRollout(world);
    await world.rollouts.halt(rollout, 'wrong chain');

    await expect(acquire({ rollout })).rejects.toMatchObject({
      name: 'RolloutHalted',
      message: expect.stringMatching(new RegExp(`${rollout} is halted \\(wrong chain\\)`)),
    });
  });

  test('A deployment is skipped once more deployments have failed than are tolerated, before the wave is judged', async () => {
    const rollout = await aBegunRollout(world);
    const asked = { rollout, toleratedFailures: 1 };
    await failed(asked);
    await expect(acquire(asked)).resolves.toBeDefined();

    await failed(asked);

    await expect(acquire(asked)).rejects.toMatchObject({
      name: 'RolloutHalted',
      message: expect.stringContaining('2 failed, 1 tolerated'),
    });
  });

  test('A deployment uses the tolerated failures of its own wave, whatever another attempt at the wave wrote', async () => {
    const rollout = await aBegunRollout(world);
    await failed({ rollout });

    await world.rollouts.setTolerated(rollout, 5);

    await expect(acquire({ rollout })).rejects.toMatchObject({ name: 'RolloutHalted' });
    await expect(acquire({ rollout, toleratedFailures: 1 })).resolves.toBeDefined();
  });

  test('A rollout’s deployment rolls back only while its rollout rolls back', async () => {
    const rollout = await aBegunRollout(world);
    await expect(acquire({ rollout, ...rollback })).rejects.toMatchObject({ name: 'RolloutHalted' });

    await world.rollouts.halt(rollout, 'too many failed');
    await world.rollouts.startRollback(rollout);

    await expect(acquire({ rollout, ...rollback })).resolves.toBeDefined();
    await expect(acquire({ rollout })).rejects.toMatchObject({ name: 'RolloutHalted' });
  });

  test.each([{}, rollback])(
    'A rollout’s deployment is superseded as soon as a newer rollout has begun (%j)',
    async (action) => {
      const { older, begin } = await succession();
      await world.rollouts.startRollback(older);
      const newer = await begin();

      await expect(acquire({ rollout: older, ...action })).rejects.toMatchObject({
        name: 'Superseded',
        message: expect.stringContaining(newer),
      });
    },
  );

  test('A rollout’s deployment that passed the gate before a newer rollout began cannot come after its deployment', async () => {
    const { older, begin, target } = await succession();
    const seen = await world.rollouts.control(older);
    const newer = await begin();
    const done = anExecution();
    await acquire({ rollout: newer, target }, done);
    await record(done, { rollout: newer, target }, 'committed');

    const late = acquireLock({ ...world, rollouts: { control: async () => seen } });

    await expect(
      late({ execution: anExecution(), request: rawRequest({ rollout: older, target }) }),
    ).rejects.toMatchObject({ name: 'Superseded', message: expect.stringContaining('newer rollout') });
  });

  test('A rollout’s deployment that has its number cannot take the lock once a newer rollout has asked', async () => {
    const { older, begin, target } = await succession();
    const seen = await world.rollouts.control(older);
    const certificate = seen?.certificate ?? '';
    const asked = { targetId: target.id, supersedes: true, now: world.clock.now() };
    const requestNumber = await world.locks.registerRequest({
      ...asked,
      requestId: 'older',
      rollout: { certificate, sequence: 1 },
    });
    await begin();
    await world.locks.registerRequest({
      ...asked,
      supersedes: false,
      requestId: 'newer',
      rollout: { certificate, sequence: 2 },
    });

    const late = acquireLock({ ...world, rollouts: { control: async () => seen } });

    await expect(
      late({ execution: anExecution(), request: rawRequest({ rollout: older, target, requestNumber }) }),
    ).rejects.toMatchObject({ name: 'Superseded', message: expect.stringContaining('sequence 2') });
  });

  test('A rollout’s deployment does not hinder one of another certificate, to which the target has gone since', async () => {
    const { begin, target } = await succession();
    await acquire({ rollout: await begin(), target });
    const asked = { targetId: target.id, supersedes: true, now: world.clock.now() };
    const elsewhere = { certificate: 'elsewhere.example.com', sequence: 1 };

    await world.locks.registerRequest({ ...asked, requestId: 'moved', rollout: elsewhere });

    expect(await world.locks.read(target.id)).toMatchObject({
      rolloutSequence: 1,
      rolloutOf: elsewhere.certificate,
    });
  });

  test("A rollout's deployment never blocks an operator's request, before it or after it", async () => {
    const { begin, target } = await succession();
    const newer = await begin();
    const execution = anExecution();
    await acquire({ rollout: newer, target }, execution);
    await record(execution, { rollout: newer, target }, 'committed');

    await expect(acquire({ target })).resolves.toMatchObject({ deployment: { fence: 2 } });
    expect(await world.locks.read(target.id)).toMatchObject({ rolloutSequence: 2 });
  });
});

async function failed(asked: { readonly rollout: string; readonly toleratedFailures?: number }) {
  const [execution, target] = [anExecution(), { id: aTargetId() }];
  await acquire({ ...asked, target }, execution);
  await record(execution, { ...asked, target }, 'failed');
}

const record = (
  execution: ReturnType<typeof anExecution>,
  overrides: Parameters<typeof rawRequest>[0],
  path: RecordingPath,
) =>
  recordOutcome(world)({
    ...{ path, execution, request: rawRequest(overrides) },
    state: FinalState.parse({
      push: pushResult({ outcome: path === 'failed' ? 'validate_failed' : 'applied' }),
    }),
  });
