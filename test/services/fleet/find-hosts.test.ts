import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFleet, type Fleet } from '../../../services/fleet/find-hosts.ts';
import {
  type HostServices,
  hybrid,
  instance,
  type KnownHosts,
  startHostServices,
} from '../../fakes/host-services.ts';

let services: HostServices;
let known: KnownHosts;
let fleet: Fleet;
let { nodes, instances, group, asked }: KnownHosts = {} as never;

beforeAll(async () => {
  services = await startHostServices();
  known = services.known;
  ({ nodes, instances, group, asked } = known);
  fleet = createFleet(services.clients);
});
beforeEach(() => services.reset());
afterAll(() => services.close());

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
    instances.set(instance(1), { address: '10.0.0.1' });

    expect(await fleet.resolve(instance(1))).toMatchObject([{ address: '10.0.0.1', online: true }]);
  });

  test.each([
    ['SSM reports an IPv6 address', { address: '2001:db8::7' }, {}],
    ['EC2 reports an IPv6 address', {}, { ipv6: '2001:db8::7' }],
    ['EC2 reports an IPv6 address of its interface', {}, { interfaceIpv6: '2001:db8::7' }],
    ['SSM reports a link-local address', { address: 'fe80::1ff:fe23:4567:890a' }, { ipv6: '2001:db8::7' }],
  ])('A host without an IPv4 address is found with its IPv6 address if %s', async (_, node, ec2) => {
    nodes.set(instance(1), node);
    instances.set(instance(1), ec2);

    expect(await fleet.resolve(instance(1))).toMatchObject([{ address: '2001:db8::7' }]);
  });

  test('A host with addresses of both families is found with its IPv4 address', async () => {
    nodes.set(instance(1), {});
    instances.set(instance(1), { address: '10.0.0.1', ipv6: '2001:db8::7' });

    expect(await fleet.resolve(instance(1))).toMatchObject([{ address: '10.0.0.1' }]);
  });

  test.each([true, false])(
    'A host named by its id is found, away, when SSM does not know it (it refuses the id: %s)',
    async (refuses) => {
      known.refusesUnknownIds = refuses;
      instances.set(instance(1), { address: '10.0.0.1' });

      expect(await fleet.resolve(instance(1))).toEqual([
        { host: instance(1), address: '10.0.0.1', online: false },
      ]);
    },
  );

  test.each([
    ['an instance that neither EC2 nor SSM knows', instance(1), undefined],
    ['an instance that is shutting down', instance(1), 'shutting-down'],
    ['a terminated instance', instance(1), 'terminated'],
    ['a hybrid node that was deregistered', hybrid(1), undefined],
  ])('A host named by its id is not found if it is %s', async (_, id, state) => {
    if (state !== undefined) instances.set(id, { state });

    expect(await fleet.resolve(id)).toEqual([]);
  });

  test.each(['stopped', 'stopping', 'pending', 'running'])(
    'An instance named by its id that is offline is found while EC2 reports it as %s',
    async (state) => {
      instances.set(instance(1), { state, startedAt: '2026-11-22T11:50:00.000Z' });
      nodes.set(instance(1), { online: false });

      expect(await fleet.resolve(instance(1))).toEqual([
        { host: instance(1), address: null, online: false, startedAt: Date.parse('2026-11-22T11:50:00Z') },
      ]);
    },
  );

  test('A host named by its id is looked up in SSM alone, in local mode too', async () => {
    nodes.set('local-web', { address: '127.0.0.1' });

    expect(await fleet.resolve('local-web')).toEqual([
      { host: 'local-web', address: '127.0.0.1', online: true },
    ]);
    expect(await fleet.resolve('local')).toEqual([{ host: 'local', address: null, online: false }]);
    expect(services.ec2.requests).toEqual([]);
  });
});

describe('many hosts named by their ids', () => {
  test('Many hosts named by their ids that are asked for at once share the questions', async () => {
    const ids = Array.from({ length: 120 }, (_, at) => instance(at));
    for (const id of ids) nodes.set(id, { address: '10.0.0.1' });
    nodes.delete(instance(7));
    instances.set(instance(7), {});

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
    instances.set(instance(2), { address: '10.0.0.2' });
    instances.set(instance(1), { address: '10.0.0.1' });

    const hosts = await fleet.resolve({ tags: { role: 'web', stage: 'live' } });

    expect(hosts).toEqual([
      { host: instance(1), address: '10.0.0.1', online: false },
      { host: instance(2), address: '10.0.0.2', online: true },
      { host: hybrid(1), address: '10.9.0.1', online: true },
    ]);
    expect(services.ec2.requests[0]).toMatchObject({
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

    expect(services.ec2.requests[0]?.['Filter.2.Value.1']).toBe('a\\*b\\?c\\\\d');
  });

  test('Hosts by their tags are asked of SSM with one tag a call, and with at most 50 ids', async () => {
    for (let at = 0; at < 120; at += 1) {
      nodes.set(instance(at), { address: `10.0.1.${at}` });
      instances.set(instance(at), { address: null });
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
    known.refusesUnknownIds = true;
    for (let at = 0; at < 60; at += 1) {
      instances.set(instance(at), { address: `10.0.2.${at}` });
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
    group.set(instance(5), 'InService');
    group.set(instance(4), 'Pending:Wait');
    group.set(instance(3), 'Terminating:Wait');
    group.set(instance(2), 'Warmed:Stopped');
    group.set(instance(1), 'Standby');
    nodes.set(instance(5), { address: '10.0.0.5' });
    instances.set(instance(4), { address: '10.0.0.4' });

    expect(await fleet.resolve({ autoScalingGroup: 'web' })).toEqual([
      { host: instance(4), address: '10.0.0.4', online: false },
      { host: instance(5), address: '10.0.0.5', online: true },
    ]);
  });

  test('Hosts of an Auto Scaling group do not include an instance that EC2 has terminated before the group noticed', async () => {
    group.set(instance(1), 'InService');
    group.set(instance(2), 'InService');
    instances.set(instance(1), { state: 'terminated' });
    nodes.set(instance(2), { address: '10.0.0.2' });

    const hosts = await fleet.resolve({ autoScalingGroup: 'web' });

    expect(hosts.map(({ host }) => host)).toEqual([instance(2)]);
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
      ...services.clients,
      clientsFor: (account, region) => {
        places.push(`${account} ${region}`);
        return services.clients;
      },
    });
    nodes.set(instance(1), { address: '10.0.0.1' });
    instances.set(instance(1), { address: '10.0.0.1' });
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
