import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcileCommand } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { facts, heldDeployment, lineOf } from '../fixtures/factories.ts';
import { aHostKey, useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

async function pushedDeployment(): Promise<Deployment> {
  const deployment = await heldDeployment(world);
  await world.hostKeys.save(deployment.target.host, await aHostKey(), '2026-11-22T10:00:00.000Z');
  await pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken: 'push' });
  return deployment;
}

const reconcile = (deployment: Deployment, taskToken = 'reconcile') =>
  reconcileCommand(world)({ deployment, taskToken });

const end = async (at: number, output: string) => {
  const commandId = world.commands.sent[at]?.commandId ?? '';
  world.commands.end(commandId, { output });
  await commandStatus({ ...world, sleep: async () => {} })({
    detail: { 'command-id': commandId, 'instance-id': 'i-0123456789abcdef0', status: 'Success' },
  });
};

describe('ReconcileCommand', () => {
  test('ReconcileCommand ends with the result line that SSM had, and asks no host', async () => {
    const deployment = await pushedDeployment();
    world.commands.end(world.commands.sent[0]?.commandId ?? '', {
      output: lineOf(deployment, { outcome: 'applied', version: facts('new') }),
    });

    await reconcile(deployment);

    expect(world.executions.outputOf('reconcile')).toMatchObject({
      outcome: 'applied',
      version: facts('new'),
    });
    expect(world.commands.sent).toHaveLength(1);
  });

  test('ReconcileCommand asks the host when SSM has no result line, and uses the receipt', async () => {
    const deployment = await pushedDeployment();
    world.commands.end(world.commands.sent[0]?.commandId ?? '', { status: 'DeliveryTimedOut' });

    await reconcile(deployment);
    await end(1, lineOf(deployment, { outcome: 'reload_failed', reason: 'CommitFailed' }));

    expect(world.commands.sent[1]?.read).toMatchObject({
      job: { header: { action: 'inspect' }, probe: null },
    });
    expect(world.executions.outputOf('reconcile')).toMatchObject({
      outcome: 'reload_failed',
      reason: 'CommitFailed',
    });
  });

  test('ReconcileCommand takes a host that refuses the question for one that has not answered it', async () => {
    const deployment = await pushedDeployment();
    world.commands.end(world.commands.sent[0]?.commandId ?? '', { status: 'DeliveryTimedOut' });

    await reconcile(deployment);
    await end(1, lineOf(deployment, { outcome: 'rejected', reason: 'JobExpired' }));

    expect(world.executions.outputOf('reconcile')).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
  });

  test('ReconcileCommand also asks the host when it is unknown whether the push was sent', async () => {
    const deployment = await heldDeployment(world);

    await reconcile(deployment);

    expect(world.commands.sent[0]?.read).toMatchObject({ job: { header: { action: 'inspect' } } });
  });

  test('ReconcileCommand is not ended by a late word of the push that it is asking about', async () => {
    const deployment = await pushedDeployment();
    await reconcile(deployment);

    await end(0, 'nothing of use');
    await end(1, lineOf(deployment, { outcome: 'applied' }));

    expect(world.executions.outputOf('reconcile')).toMatchObject({ outcome: 'applied' });
  });

  test.each(['inspected', 'lost'] as const)(
    'ReconcileCommand returns lost when the host has no record of it (%s)',
    async (outcome) => {
      const deployment = await pushedDeployment();

      await reconcile(deployment);
      await end(1, lineOf(deployment, { outcome }));

      expect(world.executions.outputOf('reconcile')).toMatchObject({ outcome: 'lost' });
    },
  );

  test.each([
    ['restored', 'Interrupted'],
    ['rejected', 'Interrupted'],
    ['rejected', 'NotPerformed'],
  ] as const)(
    'ReconcileCommand believes the host that the deployment was undone or changed nothing (%s, %s)',
    async (outcome, reason) => {
      const deployment = await pushedDeployment();

      await reconcile(deployment);
      await end(1, lineOf(deployment, { outcome, reason }));

      expect(world.executions.outputOf('reconcile')).toMatchObject({ outcome, reason });
    },
  );

  test('ReconcileCommand asks once when the state is retried', async () => {
    const deployment = await pushedDeployment();
    await reconcile(deployment, 'reconcile-1');

    await reconcile(deployment, 'reconcile-2');
    await end(1, lineOf(deployment, { outcome: 'unchanged' }));

    expect(world.commands.sent).toHaveLength(2);
    expect(world.executions.outputOf('reconcile-2')).toMatchObject({ outcome: 'unchanged' });
  });

  test('ReconcileCommand throws StaleFence once another execution has the lock', async () => {
    const deployment = await pushedDeployment();
    world.executions.ended.add(deployment.executionArn);
    await heldDeployment(world, { target: { id: deployment.target.id } });

    await expect(reconcile(deployment)).rejects.toMatchObject({ name: 'StaleFence' });
  });
});
