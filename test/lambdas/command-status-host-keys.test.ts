import { describe, expect, test } from 'vitest';
import type { HostKeyCurve } from '../../core/seal/host-key.ts';
import { useEndedCommands } from '../fixtures/ended-commands.ts';
import { lineOf } from '../fixtures/factories.ts';
import { aHostKey } from '../fixtures/world.ts';

const own = useEndedCommands();
const { enrolledDeployment, event, pushed } = own;

describe('command-status and host keys', () => {
  test('CommandStatus keeps the key that the next bundle is to be sealed to', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const next = await aHostKey();
    own.world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'applied', hostKey: next }) });

    await event(commandId);

    expect(await own.world.hostKeys.find(deployment.target.host)).toEqual(next);
    expect(own.world.changes).toEqual([]);
  });

  test.each<[HostKeyCurve, HostKeyCurve]>([
    ['X25519', 'P-256'],
    ['P-256', 'X25519'],
  ])('CommandStatus replaces a %s key with a %s key when the host rotates to it', async (one, other) => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    await own.world.hostKeys.save(deployment.target.host, await aHostKey(one), '2020-01-01T00:00:00.000Z');
    const next = await aHostKey(other);
    own.world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'applied', hostKey: next }) });

    await event(commandId);

    expect(await own.world.hostKeys.find(deployment.target.host)).toEqual(next);
    expect(own.world.changes).toEqual([]);
  });

  test('CommandStatus does not go back to an older key when an event comes late', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    own.world.commands.end(commandId, {
      output: lineOf(deployment, { outcome: 'applied', hostKey: await aHostKey() }),
    });
    const newest = await aHostKey();
    await own.world.hostKeys.save(deployment.target.host, newest, '2026-11-22T13:00:00.000Z');

    await event(commandId);

    expect(await own.world.hostKeys.find(deployment.target.host)).toEqual(newest);
  });

  test('CommandStatus notifies operators of a changed host key before it saves the key', async () => {
    const { deployment, hostKey: key } = await enrolledDeployment();
    const { hostKeyChanged } = own.world.notices;
    own.world.notices.hostKeyChanged = async (change) => {
      expect(await own.world.hostKeys.find(deployment.target.host)).toMatchObject({ kid: key.kid });
      return hostKeyChanged(change);
    };
    const commandId = await pushed(deployment);
    const hostKey = await aHostKey();
    own.world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'enrolled', hostKey }) });

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'enrolled' });
    expect(await own.world.hostKeys.find(deployment.target.host)).toEqual(hostKey);
    expect(own.world.changes).toEqual([
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
    own.world.commands.end(commandId, { output: lineOf(deployment, line) });

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'enrolled' });
    expect(await own.world.hostKeys.find(deployment.target.host)).toEqual(hostKey);
    expect(own.world.changes).toEqual([]);
  });

  test('CommandStatus refuses a changed host key if the stack is configured so, and the next bundle is sealed to the registered one', async () => {
    const { deployment, hostKey: key } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const output = lineOf(deployment, { outcome: 'enrolled', hostKey: await aHostKey() });
    own.world.commands.end(commandId, { output });
    Object.assign(own.world, { onHostKeyChange: 'refuse' });

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toMatchObject({
      outcome: 'rejected',
      reason: 'HostKeyChanged',
    });
    expect(own.world.changes).toMatchObject([{ refused: true, previousKid: key.kid }]);
    expect(await own.world.hostKeys.find(deployment.target.host)).toMatchObject({ kid: key.kid });
  });

  test('CommandStatus does not report a changed host key for an enrolment whose event comes late', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const output = lineOf(deployment, { outcome: 'enrolled', hostKey: await aHostKey() });
    own.world.commands.end(commandId, { output });
    await own.world.hostKeys.save(deployment.target.host, await aHostKey(), '2026-11-22T13:00:00.000Z');

    await event(commandId);

    expect(own.world.changes).toEqual([]);
  });

  test('CommandStatus ends a deployment whose host reports a new key for the fourth time', async () => {
    const { deployment } = await enrolledDeployment();
    const outcomes = [];

    for (const taskToken of ['t1', 't2', 't3', 't4']) {
      const commandId = await pushed(deployment, taskToken);
      const output = lineOf(deployment, { outcome: 'enrolled', hostKey: await aHostKey() });
      own.world.commands.end(commandId, { output });
      await event(commandId);
      await event(commandId);
      outcomes.push(own.world.executions.outputOf(taskToken));
    }

    expect(outcomes).toMatchObject([
      { outcome: 'enrolled' },
      { outcome: 'enrolled' },
      { outcome: 'enrolled' },
      { outcome: 'rejected', reason: 'EnrolmentLoop' },
    ]);
    expect(own.world.commands.sent).toHaveLength(4);
    expect(own.world.changes).toHaveLength(4);
  });
});
