import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { notStartedCodes } from '../../core/deployment/agent-start.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { useEndedCommands } from '../fixtures/ended-commands.ts';
import { facts, lineOf } from '../fixtures/factories.ts';
import { tableNames } from '../fixtures/world.ts';

const own = useEndedCommands();
const { enrolledDeployment, event, pushed } = own;

describe('command-status', () => {
  test("CommandStatus completes the waiting state with the agent's result, without the fields for the registry", async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const line = {
      version: facts('new'),
      previousVersion: facts('old'),
      served: true,
      validatedIn: 'sandbox',
    } as const;
    own.world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'applied', ...line }) });
    own.world.clock.set('2026-11-22T12:00:07.000Z');

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toEqual({
      outcome: 'applied',
      summary: 'said',
      reason: null,
      ...line,
      warnings: [],
      repair: null,
      commandId,
      sentAt: '2026-11-22T12:00:00.000Z',
      endedAt: '2026-11-22T12:00:07.000Z',
    });
  });

  test('CommandStatus returns the refusal of an agent that did not read the job because of its signature', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const refusal = { outcome: 'rejected', reason: 'JobUnsigned', deploymentId: '', targetId: '' } as const;
    own.world.commands.end(commandId, { output: lineOf(deployment, refusal) });

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'JobUnsigned' });
  });

  test('CommandStatus returns lost for a command that reached the host twice, because the first delivery may have changed it', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const refusal = { outcome: 'rejected', reason: 'JobReplayed' } as const;
    own.world.commands.end(commandId, { output: lineOf(deployment, refusal) });

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
  });

  test("CommandStatus returns lost with SSM's status and the start and end of the error output when there is no result line", async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const errors = `certferry agent: the cause\n${'x'.repeat(9000)}\nthe next step\nfailed to run commands: exit status 1`;
    own.world.commands.end(commandId, { status: 'Failed', exitCode: 1, output: 'no line\n', errors });

    await event(commandId, 'Failed');

    const result = own.world.executions.outputOf('t1') as { summary: string };
    expect(result).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
    expect(result.summary).toMatch(
      /ended with status Failed .*: certferry agent: the cause x+ … \(\d+ bytes left out\) … x+ the next step$/,
    );
    expect(result.summary.length).toBeLessThan(1_700);
  });

  test.each(Object.values(notStartedCodes))(
    'CommandStatus returns rejected for exit code %i, which proves that the agent did not start',
    async (exitCode) => {
      const { deployment } = await enrolledDeployment();
      const commandId = await pushed(deployment);
      const errors = `certferry bootstrap: UntrustedPath: the cause\nfailed to run commands: exit status ${exitCode}`;
      own.world.commands.end(commandId, { status: 'Failed', exitCode, errors });

      await event(commandId, 'Failed');

      expect(own.world.executions.outputOf('t1')).toMatchObject({
        outcome: 'rejected',
        reason: 'AgentNotStarted',
        summary:
          'the agent did not start, so nothing was changed on the host: certferry bootstrap: UntrustedPath: the cause',
      });
    },
  );

  test('CommandStatus names the mount option noexec when the SSM Agent cannot execute its script', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const folder = '/var/lib/amazon/ssm/i-0123/document/orchestration/c-1/linux';
    const errors = `sh: 1: ${folder}/_script.sh: Permission denied\nfailed to run commands: exit status 126`;
    own.world.commands.end(commandId, { status: 'Failed', exitCode: 126, errors });

    await event(commandId, 'Failed');

    const { summary } = own.world.executions.outputOf('t1') as { summary: string };
    expect(summary).toContain(`cannot execute its script in ${folder}. The file system`);
    expect(summary).toContain('noexec. Remount it with exec');
  });

  const orchestration = '/var/lib/amazon/ssm/i-0123/document/orchestration/c-1/linux';

  test.each([
    `failed to create script file. write ${orchestration}/_script.sh: no space left on device`,
    `failed to create script file. open ${orchestration}/_script.sh: read-only file system`,
    `failed to create orchestrationDir directory, ${orchestration}`,
  ])(
    'CommandStatus returns rejected when the SSM Agent cannot write its script, and names the folder: %s',
    async (errors) => {
      const { deployment } = await enrolledDeployment();
      const commandId = await pushed(deployment);
      own.world.commands.end(commandId, { status: 'Failed', exitCode: 1, output: '', errors });

      await event(commandId, 'Failed');

      const result = own.world.executions.outputOf('t1') as { summary: string };
      expect(result).toMatchObject({ outcome: 'rejected', reason: 'AgentNotStarted' });
      expect(result.summary).toContain(
        `the SSM Agent cannot write its script to ${orchestration}. The file system`,
      );
      expect(result.summary).toContain(`It reported: ${errors}. Run df -h, df -i`);
    },
  );

  test.each([
    [
      'a text follows it',
      { errors: 'failed to create script file. open /x/_script.sh: no space left on device a crash' },
    ],
    [
      'another line precedes it',
      { errors: `a crash\nfailed to create script file. open /x/_script.sh: no space left on device` },
    ],
    ['another line follows it', { errors: `failed to create orchestrationDir directory, /x\na crash` }],
    ['there is output', { errors: `failed to create orchestrationDir directory, /x`, output: 'a line' }],
    [
      'the exit code is that of a killed script',
      { errors: `failed to create orchestrationDir directory, /x`, exitCode: 137 },
    ],
  ])('CommandStatus does not take the text of the SSM Agent for a proof when %s', async (_, invocation) => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    own.world.commands.end(commandId, { status: 'Failed', exitCode: 1, output: '', ...invocation });

    await event(commandId, 'Failed');

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
  });

  test('CommandStatus returns lost for a repeated job whose agent did not start, because the first delivery may have changed the host', async () => {
    const { deployment } = await enrolledDeployment();
    own.world.commands.failNext(new Error('no answer'), 'after');
    await expect(pushed(deployment)).rejects.toThrow('no answer');
    const commandId = await pushed(deployment);
    own.world.commands.end(commandId, { status: 'Failed', exitCode: notStartedCodes.refused });

    await event(commandId, 'Failed');

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
  });

  test('CommandStatus returns the line of the agent and not the exit code if it has both', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const output = lineOf(deployment, { outcome: 'applied', version: facts('new') });
    own.world.commands.end(commandId, { status: 'Failed', exitCode: notStartedCodes.refused, output });

    await event(commandId, 'Failed');

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'applied' });
  });

  test('CommandStatus fails a rollback whose agent did not start, because the deployment is still in force', async () => {
    const { deployment } = await enrolledDeployment();
    await rollBack(own.world)({ deployment, taskToken: 'undo' });
    const commandId = own.world.commands.sent[0]?.commandId ?? '';
    own.world.commands.end(commandId, { status: 'Failed', exitCode: notStartedCodes.refused });

    await event(commandId, 'Failed');

    expect(own.world.executions.failures).toMatchObject([{ taskToken: 'undo', name: 'HostLost' }]);
  });

  test('CommandStatus takes no other deployment’s line for this one’s', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    const output = lineOf({ ...deployment, id: 'another' }, { outcome: 'applied' });
    own.world.commands.end(commandId, { output });

    await event(commandId);

    expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost' });
  });

  test('CommandStatus returns lost when SSM never catches up with its own event', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);

    await event(commandId, 'Delivery Timed Out');

    expect(own.slept).toEqual([100, 200, 400, 800, 1600]);
    expect(own.world.executions.outputOf('t1')).toMatchObject({
      outcome: 'lost',
      summary: expect.stringContaining('DeliveryTimedOut'),
    });
  });

  test.each(['Pending', 'InProgress', 'In Progress', 'Delayed', 'Cancelling'])(
    'CommandStatus leaves a command alone that is %s',
    async (status) => {
      const { deployment } = await enrolledDeployment();
      const commandId = await pushed(deployment);

      await event(commandId, status);

      expect(own.world.executions.completions).toEqual([]);
    },
  );

  test('CommandStatus leaves commands alone that are not known', async () => {
    await event('somebody-else’s');

    expect(own.world.executions.completions).toEqual([]);
  });

  test('CommandStatus completes a state once, however often the event comes, without an error', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);
    own.world.commands.end(commandId, { output: lineOf(deployment, { outcome: 'applied' }) });

    await Promise.all([event(commandId), event(commandId)]);
    await event(commandId);

    expect(own.world.executions.completions).toHaveLength(1);
  });

  test('CommandStatus completes a rollback with the restored version', async () => {
    const { deployment } = await enrolledDeployment();
    await rollBack(own.world)({ deployment, taskToken: 'undo' });
    const [command] = own.world.commands.sent;
    const line = { outcome: 'restored', version: facts('old'), served: true } as const;
    own.world.commands.end(command?.commandId ?? '', { output: lineOf(deployment, line) });

    await event(command?.commandId ?? '');

    expect(command?.read).toMatchObject({ job: { header: { action: 'undo', fence: deployment.fence } } });
    expect(own.world.executions.outputOf('undo')).toMatchObject(line);
  });

  test('CommandStatus fails a rollback without a result, so that the retry of the state sends the job again', async () => {
    const { deployment } = await enrolledDeployment();
    await rollBack(own.world)({ deployment, taskToken: 'first' });
    const [silent] = own.world.commands.sent;
    own.world.commands.end(silent?.commandId ?? '', { status: 'Failed', errors: 'Killed' });
    await event(silent?.commandId ?? '', 'Failed');

    await rollBack(own.world)({ deployment, taskToken: 'second' });

    expect(own.world.executions.failures).toMatchObject([{ taskToken: 'first', name: 'HostLost' }]);
    expect(own.world.executions.failures[0]?.message).toContain('Killed');
    expect(own.world.commands.sent).toHaveLength(2);
  });

  test('CommandStatus keeps commands apart from bundles: an item holds neither certificate nor key', async () => {
    const { deployment } = await enrolledDeployment();
    const commandId = await pushed(deployment);

    const { Item } = await own.tables.documents.send(
      new GetCommand({ TableName: tableNames.locks, Key: { pk: `command#${commandId}` } }),
    );

    expect(Item).toMatchObject({ targetId: deployment.target.id, purpose: 'push', expiresAt: 1_795_953_600 });
    expect(JSON.stringify(Item)).not.toMatch(/SECRET|LEAF/);
  });
});
