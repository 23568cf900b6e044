import { expect, test } from 'vitest';
import { CertferryError } from '../../core/errors.ts';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { anExecution, facts, rawRequest } from '../fixtures/factories.ts';
import { probeResult, pushResult } from '../fixtures/results.ts';
import { aHostKey, useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

async function running() {
  const [execution, request] = [anExecution(), rawRequest()];
  return { execution, request, state: await acquireLock(world)({ execution, request }) };
}

test('RecordOutcome notifies operators of a rollback that is not verified, without asking them to copy files', async () => {
  const run = await running();
  const push = pushResult({ outcome: 'applied', version: facts('new') });
  const rollback = pushResult({ outcome: 'restored', served: false });
  const state = { ...run.state, push, probe: probeResult({ attempt: 3 }), rollback };

  const { outcome } = await recordOutcome(world)({ ...run, path: 'rolled_back_unverified', state });

  const [message] = world.sentMessages;
  expect(outcome).toBe('rolled_back_unverified');
  expect(message?.subject).toMatch(/^Manual action required: rollback not verified: .* on /);
  expect(message?.text).toContain('according to the host, the previous leaf is not served.');
  expect(message?.text).toContain('The previous files are restored');
  expect(message?.text).not.toContain('no repair commands');
});

test.each([
  [false, 'rejected'],
  [true, 'lost'],
])(
  'A deployment that SSM refuses ends as lost only if an earlier attempt may have sent its job (%s)',
  async (wasSent, expected) => {
    const run = await running();
    const { deployment } = run.state;
    await world.hostKeys.save(deployment.target.host, await aHostKey(), '2026-11-22T10:00:00.000Z');
    const push = pushBundle({ ...world, sources: sourcesOf() });
    if (wasSent) {
      world.commands.failNext(new Error('no response'), 'after');
      await expect(push({ deployment, taskToken: 't1' })).rejects.toThrow('no response');
    }
    world.commands.failNext(new CertferryError('CommandUndeliverable', 'refused'), 'before');
    await expect(push({ deployment, taskToken: 't2' })).rejects.toMatchObject({ message: 'refused' });

    const failure = { Error: 'CommandUndeliverable', Cause: JSON.stringify({ errorMessage: 'refused' }) };
    const { outcome, reason } = await recordOutcome(world)({
      ...run,
      path: 'failed',
      state: { ...run.state, failure },
    });

    expect({ outcome, reason }).toEqual({ outcome: expected, reason: 'CommandUndeliverable' });
  },
);
