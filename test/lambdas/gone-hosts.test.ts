// A host that is terminated or deselected is gone, at every step of a deployment. A host that is only offline is not.
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { CertferryError } from '../../core/errors.ts';
import { createHandler as probeFromHost } from '../../lambdas/handlers/deploy-target/probe-from-host.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcileCommand } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import type { Whereabouts } from '../../services/fleet/whereabouts.ts';
import { createInstalledVersions } from '../../services/registry/installed-versions.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { aTargetId, facts, heldDeployment } from '../fixtures/factories.ts';
import { pushResult } from '../fixtures/results.ts';
import { aHostKey, type Tables, tableNames, useWorld, type World } from '../fixtures/world.ts';

let world: World;
let tables: Tables;
useWorld((made, startedTables) => {
  [world, tables] = [made, startedTables];
});

const terminated = {
  type: 'terminated',
  why: 'EC2 reports it as shutting-down',
} as const satisfies Whereabouts;
const deselected = {
  type: 'deselected',
  why: 'Auto Scaling group web lists it as Standby',
} as const satisfies Whereabouts;
const kinds = [
  ['terminated', terminated, 'HostTerminated'],
  ['deselected', deselected, 'HostDeselected'],
] as const;

let hosts = 0;
/** `selected`: a selector has found the host; otherwise the target names it. */
async function aDeployment(selected: boolean, overrides = {}): Promise<Deployment> {
  hosts += 1;
  const host = `i-${hosts.toString(16).padStart(17, '0')}`;
  const id = selected ? `${aTargetId()}.${host}` : aTargetId();
  const deployment = await heldDeployment(world, { target: { host, id }, ...overrides });
  await world.hostKeys.save(host, await aHostKey(), '2026-11-22T10:00:00.000Z');
  return deployment;
}

const push = (deployment: Deployment) =>
  pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken: 'push' });
const goes = ({ target }: Deployment, where: Whereabouts) => world.gone.set(target.host, where);
const isOffline = ({ target: { host } }: Deployment) =>
  world.commands.away.set(host, new CertferryError('CommandUndeliverable', `${host} is offline`));

/** The last command ends, without a result of the agent. */
async function ends(status: string): Promise<void> {
  const { commandId = '', host = '' } = world.commands.sent.at(-1) ?? {};
  world.commands.end(commandId, { status, output: '', exitCode: -1 });
  await commandStatus({ ...world, sleep: async () => {} })({
    detail: { 'command-id': commandId, 'instance-id': host, status },
  });
}

describe('before the job is sent', () => {
  test.each(kinds)(
    'PushBundle sends nothing to a host of a selector that is %s, online or not',
    async (_, where, name) => {
      const deployment = await aDeployment(true);
      goes(deployment, where);

      await expect(push(deployment)).rejects.toMatchObject({
        name,
        message: expect.stringContaining(where.why),
      });
      expect(world.commands.sent).toEqual([]);
    },
  );

  test('PushBundle reports a terminated host that its target names as gone, and not as unreachable', async () => {
    const deployment = await aDeployment(false);
    isOffline(deployment);
    goes(deployment, terminated);

    await expect(push(deployment)).rejects.toMatchObject({ name: 'HostTerminated' });
  });

  test.each([true, false])(
    'PushBundle reports an offline host as unreachable, not as gone (found by a selector: %s)',
    async (selected) => {
      const deployment = await aDeployment(selected);
      isOffline(deployment);

      await expect(push(deployment)).rejects.toMatchObject({ name: 'CommandUndeliverable' });
    },
  );

  test('PushBundle reports a host as gone that SSM refuses because it was terminated in this moment', async () => {
    const deployment = await aDeployment(false);
    goes(deployment, terminated);
    world.commands.failNext(new CertferryError('CommandUndeliverable', 'InvalidInstanceId'), 'before');

    await expect(push(deployment)).rejects.toMatchObject({ name: 'HostTerminated' });
    expect((await world.locks.read(deployment.target.id)).pending).toBeNull();
  });
});

describe('during the job', () => {
  test.each(['Undeliverable', 'DeliveryTimedOut', 'Terminated', 'ExecutionTimedOut', 'Failed', 'Cancelled'])(
    'A push that ends with %s and without a result fails its state with HostTerminated if the host is terminated',
    async (status) => {
      const deployment = await aDeployment(false);
      await push(deployment);
      goes(deployment, terminated);

      await ends(status);

      expect(world.executions.failures).toMatchObject([{ taskToken: 'push', name: 'HostTerminated' }]);
      expect(world.executions.completions).toEqual([]);
    },
  );

  test.each([
    ['Undeliverable', true],
    ['DeliveryTimedOut', true],
    ['Failed', false],
    ['ExecutionTimedOut', false],
  ])('A push to a deselected host that ends with %s: the host is gone: %s', async (status, isGone) => {
    const deployment = await aDeployment(true);
    await push(deployment);
    goes(deployment, deselected);

    await ends(status);

    expect(world.executions.failures.map(({ name }) => name)).toEqual(isGone ? ['HostDeselected'] : []);
    expect(world.executions.completions).toHaveLength(isGone ? 0 : 1);
  });

  test.each(['Undeliverable', 'DeliveryTimedOut'])(
    'A push to an offline host that ends with %s is lost, not gone',
    async (status) => {
      const deployment = await aDeployment(true);
      await push(deployment);

      await ends(status);

      expect(world.executions.outputOf('push')).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
    },
  );

  test('ReconcileCommand sends nothing to a terminated host', async () => {
    const deployment = await aDeployment(false);
    await push(deployment);
    goes(deployment, terminated);

    await expect(reconcileCommand(world)({ deployment, taskToken: 'reconcile' })).rejects.toMatchObject({
      name: 'HostTerminated',
    });
    expect(world.commands.sent).toHaveLength(1);
  });
});

describe('during the verification', () => {
  test('A probe from a terminated host fails its state with HostTerminated, and does not count as a failed attempt', async () => {
    const verify = { endpoint: '127.0.0.1:8443', serverName: 'api.example.com', probeFrom: 'host' };
    const deployment = await aDeployment(false, { target: undefined });
    const target = { ...deployment.target, verify: { ...(deployment.target.verify as object), ...verify } };
    const probed = { ...deployment, target } as Deployment;
    await probeFromHost(world)({ deployment: probed, taskToken: 'probe', version: facts('new'), attempt: 0 });
    goes(deployment, terminated);

    await ends('Undeliverable');

    expect(world.executions.failures).toMatchObject([{ taskToken: 'probe', name: 'HostTerminated' }]);
  });
});

describe('during the rollback', () => {
  const undo = (deployment: Deployment) => rollBack(world)({ deployment, taskToken: 'undo' });

  test('RollBack sends nothing to a terminated host', async () => {
    const deployment = await aDeployment(false);
    goes(deployment, terminated);

    await expect(undo(deployment)).rejects.toMatchObject({ name: 'HostTerminated' });
    expect(world.commands.sent).toEqual([]);
  });

  test('RollBack restores a deselected host that answers: the host keeps no unverified version', async () => {
    const deployment = await aDeployment(true);
    goes(deployment, deselected);

    await undo(deployment);

    expect(world.commands.sent).toHaveLength(1);
  });

  test('An undo job that ends with Undeliverable is not repeated if the host went to the warm pool', async () => {
    const deployment = await aDeployment(true);
    goes(deployment, deselected);
    await undo(deployment);

    await ends('Undeliverable');

    expect(world.executions.failures).toMatchObject([{ taskToken: 'undo', name: 'HostDeselected' }]);
  });

  test('An undo job to an offline host is repeated', async () => {
    const deployment = await aDeployment(true);
    await undo(deployment);

    await ends('DeliveryTimedOut');

    expect(world.executions.failures).toMatchObject([{ taskToken: 'undo', name: 'HostLost' }]);
  });
});

describe('the record', () => {
  const record = (deployment: Deployment, state = {}) =>
    recordOutcome(world)({
      path: 'gone',
      execution: { id: deployment.executionArn, name: deployment.id, startedAt: deployment.startedAt },
      request: deployment,
      state: {
        deployment,
        push: null,
        probe: null,
        rollback: null,
        restored: null,
        onDeployed: null,
        failure: {
          Error: 'HostTerminated',
          Cause: '{"errorMessage":"host i-1 is gone: EC2 reports it as terminated."}',
        },
        ...state,
      },
    });

  test('The record of a gone host releases both locks and gives the reason', async () => {
    const deployment = await aDeployment(true);

    const recorded = await record(deployment, {
      push: pushResult({ outcome: 'lost', summary: 'no result' }),
    });

    expect(recorded).toMatchObject({
      outcome: 'gone',
      reason: 'HostTerminated',
      summary: 'HostTerminated: host i-1 is gone: EC2 reports it as terminated.; before: no result',
    });
    expect((await world.locks.read(deployment.target.id)).owner).toBeNull();
    expect((await world.hostLocks.read(deployment.target.host)).owner).toBeNull();
    expect(world.sentMessages).toEqual([]);
    expect(world.ended).toMatchObject([{ outcome: 'gone' }]);
  });

  test('The record of a gone host leaves its version unknown: a host that comes back gets another deployment', async () => {
    const deployment = await aDeployment(true);
    const installed = createInstalledVersions(tables.documents, tableNames.registry);

    await record(deployment);

    const { id } = deployment.target;
    expect((await installed.of([id])).get(id)).toMatchObject({ outcome: 'gone', fingerprint: null });
  });
});
