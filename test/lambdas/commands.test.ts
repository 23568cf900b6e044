import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Commands, createCommands, hasEnded } from '../../lambdas/services/commands.ts';
import { clientFor, refusal, type ScriptedService, scriptedService } from './support/service.ts';

let ssm: ScriptedService;
let commands: Commands;
const hash = 'ab'.repeat(32);
beforeEach(async () => {
  ssm = await scriptedService({ version: '1.1', target: 'AmazonSSM' }, [
    'SendCommand',
    'GetCommandInvocation',
  ]);
  commands = createCommands(() => new SSMClient(clientFor(ssm)), {
    name: 'certferry-agent',
    version: '7',
    hash,
  });
});
afterEach(() => ssm.close());

const send = () => commands.send({ host: 'i-1', job: 'JOB', comment: `certferry deploy ${'x'.repeat(100)}` });

describe('sending a job', () => {
  test('names the document by version and digest, one host, and a delivery time', async () => {
    ssm.answers.push({ Command: { CommandId: 'c-1' } });

    expect(await send()).toBe('c-1');
    expect(ssm.requests).toEqual([
      {
        DocumentName: 'certferry-agent',
        DocumentVersion: '7',
        DocumentHash: hash,
        DocumentHashType: 'Sha256',
        InstanceIds: ['i-1'],
        TimeoutSeconds: 120,
        Parameters: { Job: ['JOB'] },
        Comment: `certferry deploy ${'x'.repeat(83)}`,
      },
    ]);
  });

  test('leaves the digest out where the stack gives none', async () => {
    ssm.answers.push({ Command: { CommandId: 'c-1' } });
    const pin = { name: 'certferry-agent', version: '$DEFAULT', hash: undefined };

    await createCommands(() => new SSMClient(clientFor(ssm)), pin).send({
      host: 'i-1',
      job: 'JOB',
      comment: 'c',
    });

    expect(ssm.requests[0]).toMatchObject({ DocumentVersion: '$DEFAULT' });
    expect(ssm.requests[0]).not.toHaveProperty('DocumentHash');
  });

  test.each(['InvalidInstanceId', 'InvalidDocument', 'UnsupportedPlatformType', 'AccessDeniedException'])(
    'throws CommandUndeliverable, naming host and reason, when SSM will not run it (%s)',
    async (name) => {
      ssm.answers.push(refusal(name, 'not in a valid state'));

      await expect(send()).rejects.toMatchObject({
        name: 'CommandUndeliverable',
        message: expect.stringMatching(new RegExp(`i-1 \\(${name}: .*nothing was sent`)),
      });
    },
  );

  test.each(['ThrottlingException', 'InternalServerError'])(
    'lets %s through: the state machine retries it',
    async (name) => {
      ssm.answers.push(refusal(name));

      await expect(send()).rejects.toMatchObject({ name });
    },
  );
});

describe('looking at a command', () => {
  test('asks for the Linux step, and takes the spaces out of the status', async () => {
    ssm.answers.push({
      Status: 'TimedOut',
      StatusDetails: 'Delivery Timed Out',
      StandardOutputContent: 'out',
      StandardErrorContent: 'err',
    });

    const invocation = await commands.look('c-12345678-1234-1234-1234-123456789012', 'i-1');

    expect(invocation).toEqual({ status: 'DeliveryTimedOut', output: 'out', errors: 'err' });
    expect(ssm.requests[0]).toMatchObject({ InstanceId: 'i-1', PluginName: 'linux' });
  });

  test.each(['InvocationDoesNotExist', 'InvalidPluginName'])(
    'sees nothing while SSM knows nothing (%s)',
    async (name) => {
      ssm.answers.push(refusal(name));

      expect(await commands.look('c', 'i-1')).toBeNull();
    },
  );

  test('lets other errors through', async () => {
    ssm.answers.push(refusal('ThrottlingException'));

    await expect(commands.look('c', 'i-1')).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

test('a status is final in both of SSM’s spellings', () => {
  const final = [
    'Success',
    'Failed',
    'Delivery Timed Out',
    'DeliveryTimedOut',
    'Undeliverable',
    'Access Denied',
  ];
  const passing = ['Pending', 'In Progress', 'InProgress', 'Delayed', 'Cancelling', ''];

  expect(final.filter(hasEnded)).toEqual(final);
  expect(passing.filter(hasEnded)).toEqual([]);
});
