import { expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { createHandler as runOnDeployed } from '../../lambdas/handlers/deploy-target/run-on-deployed.ts';
import { onDeployedWarnings } from '../../lambdas/recording/on-deployed-warnings.ts';
import { useEndedCommands } from '../fixtures/ended-commands.ts';
import { lineOf } from '../fixtures/factories.ts';
import { pushResult } from '../fixtures/results.ts';

const own = useEndedCommands();

async function aDeployment(): Promise<Deployment> {
  const { deployment } = await own.enrolledDeployment();
  return { ...deployment, target: { ...deployment.target, onDeployed: [['logger', 'deployed']] } };
}

test('RunOnDeployed sends the commands of the target once, also if the state is retried', async () => {
  const deployment = await aDeployment();
  await runOnDeployed(own.world)({ deployment, taskToken: 't1' });
  await runOnDeployed(own.world)({ deployment, taskToken: 't2' });
  const [command, ...others] = own.world.commands.sent;

  expect(others).toEqual([]);
  expect(command?.job).toEqual(expect.stringContaining('~'));
  own.world.commands.end(command?.commandId ?? '', {
    output: lineOf(deployment, { outcome: 'commands_run', warnings: ['onDeployed: logger exited with 1'] }),
  });
  await own.event(command?.commandId ?? '');

  expect(own.world.executions.outputOf('t2')).toMatchObject({
    outcome: 'commands_run',
    warnings: ['onDeployed: logger exited with 1'],
  });
});

test('If the agent dies, RunOnDeployed completes without a second job', async () => {
  const deployment = await aDeployment();
  await runOnDeployed(own.world)({ deployment, taskToken: 't1' });
  const commandId = own.world.commands.sent[0]?.commandId ?? '';
  own.world.commands.end(commandId, { status: 'Failed' });

  await own.event(commandId, 'Failed');

  expect(own.world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost' });
  expect(own.world.commands.sent).toHaveLength(1);
});

test.each([
  ['no commands', null, []],
  ['successful commands', pushResult({ outcome: 'commands_run' }), []],
  [
    'an agent that did not start',
    pushResult({ outcome: 'rejected', summary: 'no disk space' }),
    ['onDeployed: the commands did not run: no disk space'],
  ],
  [
    'a lost agent',
    pushResult({ outcome: 'lost', summary: 'killed' }),
    ['onDeployed: it is unknown whether the commands ran: killed; certferry does not send them again'],
  ],
  [
    'a state that timed out',
    { Error: 'States.Timeout', Cause: '' },
    [
      'onDeployed: it is unknown whether the commands ran: States.Timeout: the state timed out; certferry does not send them again',
    ],
  ],
])('The warnings of a deployment with %s', (_what, result, warnings) => {
  expect(onDeployedWarnings(result)).toEqual(warnings);
});
