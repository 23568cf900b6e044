import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createExecutions, type Executions } from '../../services/executions.ts';
import { clientFor, refusal, type ScriptedService, scriptedService } from '../fakes/scripted-service.ts';

let sfn: ScriptedService;
let executions: Executions;
beforeEach(async () => {
  sfn = await scriptedService({ version: '1.0', target: 'AWSStepFunctions' }, [
    'DescribeExecution',
    'SendTaskSuccess',
    'SendTaskFailure',
    'StartExecution',
  ]);
  executions = createExecutions(new SFNClient(clientFor(sfn)));
});
afterEach(() => sfn.close());

const arn = 'arn:aws:states:local:000000000000:execution:deploy-target:x';

describe('whether an execution runs', () => {
  test.each([
    ['RUNNING', 'running'],
    ['PENDING_REDRIVE', 'running'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['TIMED_OUT', 'ended'],
    ['ABORTED', 'ended'],
  ])('%s means %s', async (status, expected) => {
    sfn.answers.push({ status });

    expect(await executions.status(arn)).toBe(expected);
    expect(sfn.requests).toEqual([{ executionArn: arn }]);
  });

  test.each([
    ['ExecutionDoesNotExist', 'ended'],
    ['ThrottlingException', 'unknown'],
    ['InternalServerError', 'unknown'],
    ['AccessDeniedException', 'unknown'],
  ])('%s means %s', async (name, expected) => {
    sfn.answers.push(refusal(name));

    expect(await executions.status(arn)).toBe(expected);
  });

  test('The status of an execution is unknown when Step Functions does not answer', async () => {
    await sfn.close();

    expect(await executions.status(arn)).toBe('unknown');
  });
});

describe('starting an execution', () => {
  const machine = 'arn:aws:states:local:000000000000:stateMachine:rollout';

  test('Starting an execution sends the input as JSON and gives the ARN', async () => {
    sfn.answers.push({ executionArn: arn, startDate: 0 });

    expect(await executions.start(machine, 'x', { reason: 'asked for' })).toBe(arn);
    expect(sfn.requests).toEqual([{ stateMachineArn: machine, name: 'x', input: '{"reason":"asked for"}' }]);
  });

  test('Starting an execution gives nothing for a name that is taken', async () => {
    sfn.answers.push(refusal('ExecutionAlreadyExists'));

    expect(await executions.start(machine, 'x', {})).toBeNull();
  });

  test('Starting an execution reports a missing permission', async () => {
    sfn.answers.push(refusal('AccessDeniedException'));

    await expect(executions.start(machine, 'x', {})).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('completing a waiting state', () => {
  test('Completing a waiting state sends the result as JSON', async () => {
    expect(await executions.complete('token', { outcome: 'applied' })).toBe(true);
    expect(sfn.requests).toEqual([{ taskToken: 'token', output: '{"outcome":"applied"}' }]);
  });

  test.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])(
    'Completing a state that no longer waits is not an error (%s)',
    async (name) => {
      sfn.answers.push(refusal(name));

      expect(await executions.complete('token', {})).toBe(false);
    },
  );

  test('Completing a waiting state lets other errors through', async () => {
    sfn.answers.push(refusal('ThrottlingException'));

    await expect(executions.complete('token', {})).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

describe('failing a waiting state', () => {
  test('Failing a waiting state sends the error’s name and words', async () => {
    expect(await executions.fail('token', { name: 'HostLost', message: 'silence' })).toBe(true);
    expect(sfn.requests).toEqual([{ taskToken: 'token', error: 'HostLost', cause: 'silence' }]);
  });

  test('Failing a waiting state sends no more of a long message than Step Functions accepts, with its start and its end', async () => {
    const message = `start ${'é'.repeat(100_000)} end`;

    expect(await executions.fail('token', { name: 'N'.repeat(300), message })).toBe(true);

    const { error, cause } = sfn.requests[0] as { error: string; cause: string };
    expect(error.length).toBeLessThanOrEqual(256);
    expect(cause.length).toBeLessThanOrEqual(32_768);
    expect(cause).toMatch(/^start é+ … \(\d+ bytes left out\) … é+ end$/);
  });

  test('Failing a state that no longer waits is not an error', async () => {
    sfn.answers.push(refusal('TaskTimedOut'));

    expect(await executions.fail('token', { name: 'HostLost', message: 'silence' })).toBe(false);
  });
});
