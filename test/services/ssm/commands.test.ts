import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostLocation } from '../../../core/targets/host-location.ts';
import { type Commands, createCommands, hasEnded } from '../../../services/ssm/commands.ts';
import { clientFor, refusal, type ScriptedService, scriptedService } from '../../fakes/scripted-service.ts';

let ssm: ScriptedService;
let commands: Commands;
const hash = 'ab'.repeat(32);
beforeEach(async () => {
  ssm = await scriptedService({ version: '1.1', target: 'AmazonSSM' }, [
    'SendCommand',
    'GetCommandInvocation',
    'DescribeInstanceInformation',
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
  test('Sending a job names the document by version and digest, one host, and a delivery time', async () => {
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

  test('Sending a job leaves the digest out where the stack gives none', async () => {
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
    'Sending a job throws CommandUndeliverable, naming host and reason, when SSM will not run it (%s)',
    async (name) => {
      ssm.answers.push(refusal(name, 'not in a valid state'));

      await expect(send()).rejects.toMatchObject({
        name: 'CommandUndeliverable',
        message: expect.stringMatching(new RegExp(`i-1 \\(${name}: .*Nothing was sent`)),
      });
    },
  );

  test.each(['ThrottlingException', 'InternalServerError'])(
    'Sending a job lets %s through: the state machine retries it',
    async (name) => {
      ssm.answers.push(refusal(name));

      await expect(send()).rejects.toMatchObject({ name });
    },
  );
});

describe('reaching a host', () => {
  test('Reaching a host throws CommandUndeliverable where SSM answers an id that it does not know with an error', async () => {
    ssm.answers.push(refusal('InvalidInstanceId', 'the instance is not valid for this account'));

    await expect(commands.requireReachable('i-1')).rejects.toMatchObject({
      name: 'CommandUndeliverable',
      message: expect.stringContaining('SSM does not know the host'),
    });
  });

  const known = { InstanceId: 'i-1', PingStatus: 'Online', AgentVersion: '3.3.2746.0' };

  test('Reaching a host asks SSM for this one instance, and is content with one that is online', async () => {
    ssm.answers.push({ InstanceInformationList: [known] });

    await expect(commands.requireReachable('i-1')).resolves.toBeUndefined();
    expect(ssm.requests).toEqual([{ Filters: [{ Key: 'InstanceIds', Values: ['i-1'] }], MaxResults: 50 }]);
  });

  test.each([
    [[], 'not registered'],
    [[{ ...known, InstanceId: 'i-2' }], 'not registered'],
    [
      [{ ...known, PingStatus: 'ConnectionLost', LastPingDateTime: 1_795_348_800 }],
      'ConnectionLost, last ping 2026-11-22T12:00:00.000Z',
    ],
    [[{ ...known, PingStatus: 'Inactive' }], 'Inactive, last ping never'],
    [[{ ...known, AgentVersion: '3.3.300.0' }], '3.3.300.0; upgrade it to 3.3.2746.0'],
    [[{ ...known, AgentVersion: '3.2.9999.0' }], '3.2.9999.0; upgrade'],
    [[{ ...known, PlatformType: 'Linux', PlatformName: 'Bottlerocket OS 1.20.0' }], 'it runs Bottlerocket'],
    [[{ ...known, PlatformType: 'Windows', PlatformName: 'Microsoft Windows Server' }], 'it runs Windows'],
  ])(
    'Reaching a host throws CommandUndeliverable at once when it is %j',
    async (InstanceInformationList, mentioned) => {
      ssm.answers.push({ InstanceInformationList });

      await expect(commands.requireReachable('i-1')).rejects.toMatchObject({
        name: 'CommandUndeliverable',
        message: expect.stringContaining(mentioned),
      });
    },
  );

  test.each(['3.3.2746.1', '3.3.10000.0', '3.10.0.0', '4.0.0.0', undefined])(
    'Reaching a host takes an agent of version %s',
    async (AgentVersion) => {
      ssm.answers.push({ InstanceInformationList: [{ ...known, AgentVersion }] });

      await expect(commands.requireReachable('i-1')).resolves.toBeUndefined();
    },
  );
});

test('A host of another account and region is spoken to there, by its id alone', async () => {
  const asked: HostLocation[] = [];
  const client = new SSMClient(clientFor(ssm));
  const ssmAt = (place: HostLocation) => {
    asked.push(place);
    return client;
  };
  const pin = { name: 'certferry-agent', version: '7', hash };
  const elsewhere = createCommands(ssmAt, pin);
  const host = '123456789012/eu-west-2/i-0123456789abcdef0';
  ssm.answers.push({ Command: { CommandId: 'c-1' } });

  await elsewhere.send({ host, job: 'JOB', comment: 'c' });
  await elsewhere.readInvocation('c-1', host);

  const place = { account: '123456789012', region: 'eu-west-2', instance: 'i-0123456789abcdef0' };
  expect(asked).toEqual([place, place]);
  expect(ssm.requests[0]).toMatchObject({ InstanceIds: [place.instance] });
  expect(ssm.requests[1]).toMatchObject({ InstanceId: place.instance });
});

describe('looking at a command', () => {
  test('Reading a command result uses the Linux step, and removes the spaces from the status', async () => {
    ssm.answers.push({
      Status: 'TimedOut',
      StatusDetails: 'Delivery Timed Out',
      ResponseCode: 125,
      StandardOutputContent: 'out',
      StandardErrorContent: 'err',
    });

    const invocation = await commands.readInvocation('c-12345678-1234-1234-1234-123456789012', 'i-1');

    expect(invocation).toEqual({
      status: 'DeliveryTimedOut',
      exitCode: 125,
      output: 'out',
      errors: 'err',
    });
    expect(ssm.requests[0]).toMatchObject({ InstanceId: 'i-1', PluginName: 'linux' });
  });

  test.each(['InvocationDoesNotExist', 'InvalidPluginName'])(
    'Reading a command result returns nothing while SSM does not know the command (%s)',
    async (name) => {
      ssm.answers.push(refusal(name));

      expect(await commands.readInvocation('c', 'i-1')).toBeNull();
    },
  );

  test('Reading a command result passes other errors on', async () => {
    ssm.answers.push(refusal('ThrottlingException'));

    await expect(commands.readInvocation('c', 'i-1')).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

test('A status is final in both of SSM’s spellings', () => {
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
