import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { heldDeployment, lineOf } from '../fixtures/factories.ts';
import { aHostKey, aWorld, startTables, type World } from '../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let world: World;
let slept: number[];
beforeAll(async () => {
  tables = await startTables();
});
beforeEach(() => {
  world = aWorld(tables.documents);
  slept = [];
});
afterAll(() => tables.close());

const event = (commandId: string, status = 'Success') =>
  commandStatus({ ...world, sleep: async (ms) => slept.push(ms) })({
    detail: { 'command-id': commandId, 'instance-id': 'i-0123456789abcdef0', status },
  });

/** Pushes once; the command that was sent. */
async function pushed(deployment: Deployment, taskToken = 't1'): Promise<string> {
  const sentBefore = world.commands.sent.length;
  await pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken });
  return world.commands.sent[sentBefore]?.commandId ?? 'nothing was sent';
}

let hosts = 0;
const aHost = () => ({ host: `mi-${(++hosts).toString(16).padStart(17, '0')}` });

async function enrolledDeployment() {
  const deployment = await heldDeployment(world, { target: aHost() });
  const hostKey = await aHostKey();
  await world.hostKeys.save(deployment.target.host, hostKey, '2026-11-22T10:00:00.000Z');
  return { deployment, hostKey };
}

describe('command-status and host keys', () => {
  test('CommandStatus keeps the key that the next bundle is to be sealed to', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const next = await aHostKey();
    world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'applied', hostKey: next }) });

    await event(commandId);

    expect(await world.hostKeys.find(deployment.target.host)).toEqual(next);
    expect(world.changes).toEqual([]);
  });

  test('CommandStatus does not go back to an older key when an event comes late', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    world.commands.end(commandId, {
      output: lineOf(deployment, { outcome: 'applied', hostKey: await aHostKey() }),
    });
    const newest = await aHostKey();
    await world.hostKeys.save(deployment.target.host, newest, '2026-11-22T13:00:00.000Z');

    await event(commandId);

    expect(await world.hostKeys.find(deployment.target.host)).toEqual(newest);
  });

  test('CommandStatus notifies operators of a changed host key before it saves the key', async () => {
    const { deployment, hostKey: key } = await enrolledDeployment();
    const { hostKeyChanged } = world.notices;
    world.notices.hostKeyChanged = async (change) => {
      expect(await world.hostKeys.find(deployment.target.host)).toMatchObject({ kid: key.kid });
      return hostKeyChanged(change);
    };
    const commandId = await pushed(deployment);
    const hostKey = await aHostKey();
    world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'enrolled', hostKey }) });

    await event(commandId);

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'enrolled' });
    expect(await world.hostKeys.find(deployment.target.host)).toEqual(hostKey);
    expect(world.changes).toEqual([
      {
        host: deployment.target.host,
        targetId: deployment.target.id,
        deploymentId: deployment.id,
        kid: hostKey.kid,
        previousKid: key.kid,
        refused: false,
      },
    ]);
  });

  test('CommandStatus does not report a changed host key when the host has retired the key itself', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const hostKey = await aHostKey();
    const line = { outcome: 'enrolled', reason: 'RetiredHostKey', hostKey } as const;
    world.commands.end(commandId, { output: lineOf(deployment, line) });

    await event(commandId);

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'enrolled' });
    expect(await world.hostKeys.find(deployment.target.host)).toEqual(hostKey);
    expect(world.changes).toEqual([]);
  });

  test('CommandStatus refuses a changed host key if the stack is configured so, and the next bundle is sealed to the registered one', async () => {
    const { deployment, hostKey: key } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const output = lineOf(deployment, { outcome: 'enrolled', hostKey: await aHostKey() });
    world.commands.end(commandId, { output });
    Object.assign(world, { onHostKeyChange: 'refuse' });

    await event(commandId);

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'HostKeyChanged' });
    expect(world.changes).toMatchObject([{ refused: true, previousKid: key.kid }]);
    expect(await world.hostKeys.find(deployment.target.host)).toMatchObject({ kid: key.kid });
  });

  test('CommandStatus does not report a changed host key for an enrolment whose event comes late', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const output = lineOf(deployment, { outcome: 'enrolled', hostKey: await aHostKey() });
    world.commands.end(commandId, { output });
    await world.hostKeys.save(deployment.target.host, await aHostKey(), '2026-11-22T13:00:00.000Z');

    await event(commandId);

    expect(world.changes).toEqual([]);
  });

  test('CommandStatus ends a deployment whose host reports a new key for the fourth time', async () => {
    const { deployment } = await enrolledDeployment();
    const outcomes = [];

    for (const taskToken of ['t1', 't2', 't3', 't4']) {
      const commandId = await pushed(deployment, taskToken);
      const output = lineOf(deployment, { outcome: 'enrolled', hostKey: await aHostKey() });
      world.commands.end(commandId, { output });
      await event(commandId);
      await event(commandId);
      outcomes.push(world.executions.outputOf(taskToken));
    }

    expect(outcomes).toMatchObject([
      { outcome: 'enrolled' },
      { outcome: 'enrolled' },
      { outcome: 'enrolled' },
      { outcome: 'rejected', reason: 'EnrolmentLoop' },
    ]);
    expect(world.commands.sent).toHaveLength(4);
    expect(world.changes).toHaveLength(4);
  });
});
