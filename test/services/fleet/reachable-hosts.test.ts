import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReachableHosts } from '../../../services/fleet/reachable-hosts.ts';
import { clientFor, refusal, type ScriptedService, scriptedService } from '../../fakes/scripted-service.ts';

let ssm: ScriptedService;
let clients: Map<string | null, SSMClient>;
beforeEach(async () => {
  ssm = await scriptedService({ version: '1.1', target: 'AmazonSSM' }, ['DescribeInstanceInformation']);
  clients = new Map([null, '222233334444'].map((account) => [account, new SSMClient(clientFor(ssm))]));
});
afterEach(() => ssm.close());

const hosts = () => createReachableHosts(({ account }) => clients.get(account) as SSMClient);
const askedFor = () =>
  ssm.requests.map(({ Filters }) => (Filters as { Values: string[] }[])[0]?.Values.length ?? 0);

test('The function of the stack is always reachable, and SSM is not asked', async () => {
  expect(await hosts().unreachableReason('lambda')).toBeNull();
  expect(ssm.requests).toEqual([]);
});

describe('hosts that are checked together', () => {
  test('Hosts that are checked together share calls of fifty, those of each account its own', async () => {
    const { unreachableReason } = hosts();
    const ids = Array.from({ length: 60 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
    ssm.answers.push({
      InstanceInformationList: ids.map((InstanceId) => ({ InstanceId, PingStatus: 'Online' })),
    });

    const said = await Promise.all(
      [...ids, `222233334444/eu-west-1/${ids[0]}`].map((id) => unreachableReason(id)),
    );

    expect(new Set(said)).toEqual(new Set([null]));
    expect(askedFor().sort((one, other) => one - other)).toEqual([1, 10, 50]);
  });

  test('Each of several hosts that are checked together gets its own reason why it is unreachable', async () => {
    const { unreachableReason } = hosts();
    ssm.answers.push({
      InstanceInformationList: [
        { InstanceId: 'i-1', PingStatus: 'ConnectionLost' },
        { InstanceId: 'i-2', PingStatus: 'Online', AgentVersion: '3.1.0.0' },
        { InstanceId: 'i-3', PingStatus: 'Online' },
      ],
    });

    const said = await Promise.all(['i-1', 'i-2', 'i-3', 'i-4'].map((id) => unreachableReason(id)));

    expect(said).toEqual([
      expect.stringMatching(/is ConnectionLost, last ping never/),
      expect.stringMatching(/is 3\.1\.0\.0; upgrade it/),
      null,
      expect.stringMatching(/^SSM does not know the host/),
    ]);
  });

  test('Hosts that are checked together are asked about again the next time', async () => {
    const { unreachableReason } = hosts();
    ssm.answers.push({ InstanceInformationList: [] });

    await unreachableReason('i-1');
    await unreachableReason('i-1');

    expect(askedFor()).toEqual([1, 1]);
  });

  test('All waiting callers get the error when SSM refuses to answer', async () => {
    const { unreachableReason } = hosts();
    ssm.answers.push(refusal('AccessDeniedException'));

    const said = await Promise.allSettled(['i-1', 'i-2'].map((id) => unreachableReason(id)));

    expect(said.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
