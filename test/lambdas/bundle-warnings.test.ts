import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { ExecutionContext } from '../../core/deployment/task-input.ts';
import { makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcileCommand } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { FinalState } from '../../lambdas/recording/deployment-outcome.ts';
import { recordOfRollout } from '../../lambdas/rollout/rollout-record.ts';
import { fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aBundle, sourcesOf } from '../fixtures/bundle.ts';
import { anExecution, facts, lineOf, rawRequest } from '../fixtures/factories.ts';
import { pushResult } from '../fixtures/results.ts';
import { aBegunState } from '../fixtures/rollout-state.ts';
import { withoutSignature } from '../fixtures/signed-jobs.ts';
import { useWorld, type World } from '../fixtures/world.ts';

const warning = 'The leaf expires on 2026-11-30, in 1 day(s).';
const ofHost = 'not rehearsed: no sandbox';

let world: World;
useWorld((made) => {
  world = made;
});

const push = (deployment: Deployment, taskToken: string) =>
  pushBundle({ ...world, sources: sourcesOf({ ...aBundle, warnings: [warning] }) })({
    deployment,
    taskToken,
  });

const reconcile = (deployment: Deployment, taskToken: string) =>
  reconcileCommand(world)({ deployment, taskToken });

/** The command with this position ends, and the event reaches the function CommandStatus. */
async function end(at: number, invocation: Parameters<World['commands']['end']>[1]): Promise<void> {
  const { commandId = '', host = '' } = world.commands.sent[at] ?? {};
  world.commands.end(commandId, invocation);
  await commandStatus({ ...world, sleep: async () => {} })({
    detail: { 'command-id': commandId, 'instance-id': host, status: 'Success' },
  });
}

/** A deployment with its locks, to a host whose key is registered. */
async function enrolled() {
  const [execution, request] = [anExecution(), rawRequest()];
  const state = await acquireLock(world)({ execution, request });
  const key = await makeHostKey();
  await world.hostKeys.save(state.deployment.target.host, publicHostKey(key), '2026-11-22T10:00:00.000Z');
  return { execution: ExecutionContext.parse(execution), request, state, deployment: state.deployment, key };
}

describe('warnings about a bundle', () => {
  test('PushBundle adds the warnings about the bundle to the result of the host, and does not send them to the host', async () => {
    const { deployment, key } = await enrolled();

    await push(deployment, 't1');
    await end(0, { output: lineOf(deployment, { outcome: 'applied', warnings: [ofHost] }) });

    expect(world.executions.outputOf('t1')).toMatchObject({
      outcome: 'applied',
      warnings: [warning, ofHost],
    });
    const { body } = await unseal(withoutSignature(world.commands.sent[0]?.job ?? ''), key);
    expect(body).toEqual({ target: deployment.target, bundle: aBundle });
  });

  test('PushBundle adds the warnings about the bundle also if the host does not answer', async () => {
    const { deployment } = await enrolled();

    await push(deployment, 't1');
    await end(0, { status: 'TimedOut' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost', warnings: [warning] });
  });

  test('A retry of PushBundle that sends nothing keeps the warnings of the job that was sent', async () => {
    const { deployment } = await enrolled();

    await push(deployment, 't1');
    await push(deployment, 't2');
    await end(0, { output: lineOf(deployment, { outcome: 'applied' }) });

    expect(world.commands.sent).toHaveLength(1);
    expect(world.executions.outputOf('t2')).toMatchObject({ warnings: [warning] });
  });

  test('ReconcileCommand keeps the warnings about the bundle, also in a retry', async () => {
    const { deployment } = await enrolled();
    await push(deployment, 'push');
    world.commands.end(world.commands.sent[0]?.commandId ?? '', { status: 'DeliveryTimedOut' });

    await reconcile(deployment, 'reconcile');
    await reconcile(deployment, 'again');
    await end(1, { output: lineOf(deployment, { outcome: 'applied', version: facts('new') }) });

    expect(world.commands.sent).toHaveLength(2);
    expect(world.executions.outputOf('again')).toMatchObject({ outcome: 'applied', warnings: [warning] });
  });

  test('A recording state writes the warnings into its output and the history', async () => {
    const { execution, request, state, deployment } = await enrolled();
    const result = pushResult({ outcome: 'applied', version: facts('new'), warnings: [warning] });

    const output = await recordOutcome(world)({
      path: 'committed',
      execution,
      request,
      state: FinalState.parse({ ...state, push: result }),
    });

    expect(output.warnings).toEqual([warning]);
    expect(await world.history.list({ targetId: deployment.target.id })).toMatchObject([
      { outcome: 'deployed', warnings: [warning] },
    ]);
  });

  test('The output of a rollout contains the warnings about its certificate, and none without them', () => {
    const { rollout, ...state } = aBegunState(fakeRolloutServices());
    const warned = { ...state, rollout: { ...rollout, warnings: [warning] } };

    expect(recordOfRollout('finished', warned, []).warnings).toEqual([warning]);
    expect(recordOfRollout('finished', { ...state, rollout }, [])).not.toHaveProperty('warnings');
  });

  test('The message about a failed rollback contains the warnings', async () => {
    const { execution, request, state } = await enrolled();
    const result = pushResult({ outcome: 'applied', warnings: [warning] });
    const rollback = pushResult({ outcome: 'rollback_failed', warnings: [ofHost] });

    await recordOutcome(world)({
      path: 'rollback_failed',
      execution,
      request,
      state: FinalState.parse({ ...state, push: result, rollback }),
    });

    expect(world.sentMessages[0]?.text).toContain(`Warnings:\n- ${warning}\n- ${ofHost}\n`);
  });
});
