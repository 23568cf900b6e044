// The services here are scripts: what EC2, Auto Scaling and SSM do with a filter is taken from their documentation.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JsonEndpoint, startJsonEndpoint } from '../../../local/http/json-endpoint.ts';
import { ServiceError } from '../../../local/http/service-error.ts';
import { createFleet, type Fleet, type HostClients } from '../../../services/fleet/find-hosts.ts';
import { listed, type Query, type QueryService, queryService } from '../../fakes/query-service.ts';
import { clientFor } from '../../fakes/scripted-service.ts';

interface Node {
  readonly online?: boolean;
  readonly address?: string;
  readonly tags?: Readonly<Record<string, string>>;
}
interface SsmFilter {
  readonly Key: string;
  readonly Values: readonly string[];
}

/** What the services know, set by each test. */
let nodes: Map<string, Node>;
let instances: Map<string, string | null>;
let group: [id: string, state: string][];
let refusesUnknownIds = false;
let asked: SsmFilter[][] = [];

let ssm: JsonEndpoint;
let ec2: QueryService;
let autoScaling: QueryService;
let clients: HostClients;
let fleet: Fleet;

beforeAll(async () => {
  ssm = await startJsonEndpoint({
    version: '1.1',
    target: 'AmazonSSM',
    operations: { DescribeInstanceInformation: async (input) => describeNodes(input) },
  });
  ec2 = await queryService(describeInstances);
  autoScaling = await queryService(describeGroups);
  clients = {
    ssm: new SSMClient(clientFor(ssm)),
    ec2: new EC2Client(clientFor(ec2)),
    autoScaling: new AutoScalingClient(clientFor(autoScaling)),
  };
  fleet = createFleet(clients);
});
beforeEach(() => {
  [nodes, instances, group, asked, refusesUnknownIds] = [new Map(), new Map(), [], [], false];
  ec2.requests.length = 0;
});
afterAll(async () => {
  await Promise.all([ssm.close(), ec2.close(), autoScaling.close()]);
});

function describeNodes(input: Record<string, unknown>) {
  const filters = input.Filters as SsmFilter[];
  const [filter = { Key: '', Values: [] }] = filters;
  if (input.NextToken === undefined) asked.push(filters);
  if (filter.Key === 'InstanceIds' && refusesUnknownIds && filter.Values.some((id) => !nodes.has(id))) {
    throw new ServiceError('InvalidInstanceId', 'one of them is not managed');
  }
  const matching = [...nodes].filter(([id, { tags = {} }]) =>
    filter.Key === 'InstanceIds'
      ? filter.Values.includes(id)
      : filter.Values.includes(tags[filter.Key.slice(4)] ?? ''),
  );
  // SSM makes smaller pages than it is asked for
  const [from, to] = [Number(input.NextToken ?? 0), Number(input.NextToken ?? 0) + 20];
  return {
    InstanceInformationList: matching.slice(from, to).map(([InstanceId, { online = true, address }]) => ({
      InstanceId,
      IPAddress: address,
      PingStatus: online ? 'Online' : 'ConnectionLost',
      ResourceType: InstanceId.startsWith('mi-') ? 'ManagedInstance' : 'EC2Instance',
    })),
    ...(matching.length > to && { NextToken: String(to) }),
  };
}

function describeInstances(query: Query): string {
  const ids =
    query['Filter.1.Name'] === 'instance-id' ? listed(query, 'Filter.1.Value.') : [...instances.keys()];
  const found = ids.flatMap((id) => (instances.has(id) ? [[id, instances.get(id)] as const] : []));
  const at = Number(query.NextToken ?? 0);
  const page = found.slice(at, at + 30).map(([id, address]) => {
    const ip = address == null ? '' : `<privateIpAddress>${address}</privateIpAddress>`;
    return `<item><instancesSet><item><instanceId>${id}</instanceId>${ip}</item></instancesSet></item>`;
  });
  const next = found.length > at + 30 ? `<nextToken>${at + 30}</nextToken>` : '';
  return `<reservationSet>${page.join('')}</reservationSet>${next}`;
}

function describeGroups(query: Query): string {
  const members = group.map(
    ([id, state]) =>
      `<member><InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState></member>`,
  );
  const name = query['AutoScalingGroupNames.member.1'];
  const found =
    name === 'web'
      ? `<member><AutoScalingGroupName>web</AutoScalingGroupName><Instances>${members.join('')}</Instances></member>`
      : '';
  return `<DescribeAutoScalingGroupsResult><AutoScalingGroups>${found}</AutoScalingGroups></DescribeAutoScalingGroupsResult>`;
}

const instance = (number: number) => `i-${String(number).padStart(17, '0')}`;
const hybrid = (number: number) => `mi-${String(number).padStart(17, '0')}`;

describe('a host named by its id', () => {
  test('A host named by its id is found with its address, and whether it is online', async () => {
    nodes.set(instance(1), { address: '10.0.0.1' });
    nodes.set(hybrid(2), { address: '10.9.0.2', online: false });

    expect(await fleet.resolve(instance(1))).toEqual([
      { host: instance(1), address: '10.0.0.1', online: true },
    ]);
    expect(await fleet.resolve(hybrid(2))).toEqual([{ host: hybrid(2), address: '10.9.0.2', online: false }]);
  });

  test('A host named by its id has EC2’s address where SSM has none', async () => {
    nodes.set(instance(1), {});
    instances.set(instance(1), '10.0.0.1');

    expect(await fleet.resolve(instance(1))).toMatchObject([{ address: '10.0.0.1', online: true }]);
  });

  test.each([true, false])(
    'A host named by its id is found, away, when SSM does not know it (it refuses the id: %s)',
    async (refuses) => {
      refusesUnknownIds = refuses;
      instances.set(instance(1), '10.0.0.1');

      expect(await fleet.resolve(instance(1))).toEqual([
        { host: instance(1), address: '10.0.0.1', online: false },
      ]);
      expect(await fleet.resolve(hybrid(2))).toEqual([{ host: hybrid(2), address: null, online: false }]);
    },
  );

  test('A host named by its id is looked up in SSM alone, in local mode too', async () => {
    nodes.set('local-web', { address: '127.0.0.1' });

    expect(await fleet.resolve('local-web')).toEqual([
      { host: 'local-web', address: '127.0.0.1', online: true },
    ]);
    expect(await fleet.resolve('local')).toEqual([{ host: 'local', address: null, online: false }]);
    expect(ec2.requests).toEqual([]);
  });
});

describe('many hosts named by their ids', () => {
  test('Many hosts named by their ids that are asked for at once share the questions', async () => {
    const ids = Array.from({ length: 120 }, (_, at) => instance(at));
    for (const id of ids) nodes.set(id, { address: '10.0.0.1' });
    nodes.delete(instance(7));

    const found = await Promise.all([...ids, instance(3)].map((id) => fleet.resolve(id)));

    expect(found.flat().map(({ host }) => host)).toEqual([...ids, instance(3)]);
    expect(found.flat().filter(({ online }) => !online)).toMatchObject([{ host: instance(7) }]);
    expect(asked.flat().map(({ Values }) => Values.length)).toEqual([50, 50, 21]);
  });

  test('Many hosts named by their ids are looked up again each time: nothing is cached', async () => {
    nodes.set(instance(1), { address: '10.0.0.1' });
    await fleet.resolve(instance(1));
    nodes.set(instance(1), { address: '10.0.0.1', online: false });

    expect(await fleet.resolve(instance(1))).toMatchObject([{ online: false }]);
  });
});

describe('hosts by their tags', () => {
  test('Hosts by their tags are running instances that bear all of them, and hybrid nodes, in the order of their ids', async () => {
    nodes.set(instance(2), { address: '10.0.0.2' });
    nodes.set(hybrid(1), { address: '10.9.0.1', tags: { role: 'web', stage: 'live' } });
    nodes.set(hybrid(2), { tags: { role: 'web', stage: 'test' } });
    nodes.set(instance(9), { tags: { role: 'web', stage: 'live' } });
    instances.set(instance(2), '10.0.0.2');
    instances.set(instance(1), '10.0.0.1');

    const hosts = await fleet.resolve({ tags: { role: 'web', stage: 'live' } });

    expect(hosts).toEqual([
      { host: instance(1), address: '10.0.0.1', online: false },
      { host: instance(2), address: '10.0.0.2', online: true },
      { host: hybrid(1), address: '10.9.0.1', online: true },
    ]);
    expect(ec2.requests[0]).toMatchObject({
      'Filter.1.Name': 'instance-state-name',
      'Filter.1.Value.1': 'running',
      'Filter.2.Name': 'tag:role',
      'Filter.2.Value.1': 'web',
      'Filter.3.Name': 'tag:stage',
      'Filter.3.Value.1': 'live',
    });
  });

  test('Hosts by their tags are asked for as they are written: a star is no wildcard', async () => {
    await fleet.resolve({ tags: { role: 'a*b?c\\d' } });

    expect(ec2.requests[0]?.['Filter.2.Value.1']).toBe('a\\*b\\?c\\\\d');
  });

  test('Hosts by their tags are asked of SSM with one tag a call, and with at most 50 ids', async () => {
    for (let at = 0; at < 120; at += 1) {
      nodes.set(instance(at), { address: `10.0.1.${at}` });
      instances.set(instance(at), null);
    }
    nodes.set(hybrid(1), { tags: { a: '1', b: '2' } });

    const hosts = await fleet.resolve({ tags: { a: '1', b: '2' } });

    expect(hosts).toHaveLength(121);
    expect(hosts.every(({ online }) => online)).toBe(true);
    expect(asked.every((filters) => filters.length === 1)).toBe(true);
    const byId = asked.flat().filter(({ Key }) => Key === 'InstanceIds');
    expect(byId.map(({ Values }) => Values.length)).toEqual([50, 50, 20]);
  });

  test('Hosts with a tag are found although SSM rejects ids that it does not manage', async () => {
    refusesUnknownIds = true;
    for (let at = 0; at < 60; at += 1) {
      instances.set(instance(at), `10.0.2.${at}`);
      if (at % 7 !== 0) nodes.set(instance(at), { address: `10.0.2.${at}` });
    }

    const hosts = await fleet.resolve({ tags: { role: 'web' } });

    expect(hosts).toHaveLength(60);
    expect(hosts.map(({ online }) => online)).toEqual(hosts.map((_, at) => at % 7 !== 0));
  });

  test('Hosts by their tags are none when nothing bears them', async () => {
    expect(await fleet.resolve({ tags: { role: 'nobody' } })).toEqual([]);
  });
});

describe('hosts of an Auto Scaling group', () => {
  test('Hosts of an Auto Scaling group are those in service or on their way there', async () => {
    group = [
      [instance(5), 'InService'],
      [instance(4), 'Pending:Wait'],
      [instance(3), 'Terminating:Wait'],
      [instance(2), 'Warmed:Stopped'],
      [instance(1), 'Standby'],
    ];
    nodes.set(instance(5), { address: '10.0.0.5' });
    instances.set(instance(4), '10.0.0.4');

    expect(await fleet.resolve({ autoScalingGroup: 'web' })).toEqual([
      { host: instance(4), address: '10.0.0.4', online: false },
      { host: instance(5), address: '10.0.0.5', online: true },
    ]);
  });

  test('Hosts of an Auto Scaling group are none when there is no such group', async () => {
    expect(await fleet.resolve({ autoScalingGroup: 'gone' })).toEqual([]);
  });
});

describe('hosts of another account', () => {
  const elsewhere = { account: '210987654321', region: 'eu-central-1' };

  test('Hosts of another account are asked of its own services, and named with where they are', async () => {
    const places: string[] = [];
    const far = createFleet({
      ...clients,
      clientsFor: (account, region) => {
        places.push(`${account} ${region}`);
        return clients;
      },
    });
    nodes.set(instance(1), { address: '10.0.0.1' });
    instances.set(instance(1), '10.0.0.1');
    const found = { host: `210987654321/eu-central-1/${instance(1)}`, address: '10.0.0.1', online: true };

    expect(await far.resolve({ tags: { role: 'web' }, ...elsewhere })).toEqual([found]);
    expect(await far.resolve(found.host)).toEqual([found]);
    expect(places).toEqual(['210987654321 eu-central-1', '210987654321 eu-central-1']);
  });

  test('Hosts in another account are refused where no role reaches them', async () => {
    await expect(fleet.resolve({ autoScalingGroup: 'web', ...elsewhere })).rejects.toMatchObject({
      name: 'InvalidTarget',
    });
  });

  test('Hosts of another account need both account and region', async () => {
    await expect(fleet.resolve({ tags: { a: 'b' }, region: 'eu-central-1' })).rejects.toMatchObject({
      name: 'InvalidTarget',
    });
  });
});
