import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createWhereabouts, type FindWhereabouts } from '../../../services/fleet/whereabouts.ts';
import { type HostServices, hybrid, instance, startHostServices } from '../../fakes/host-services.ts';

let services: HostServices;
let find: FindWhereabouts;

beforeAll(async () => {
  services = await startHostServices();
  find = createWhereabouts(() => services.clients);
});
beforeEach(() => services.reset());
afterAll(() => services.close());

const host = instance(1);
const node = hybrid(1);
const byGroup = { autoScalingGroup: 'web' };
const byTags = { tags: { role: 'web', stage: 'live' } };
const tags = byTags.tags;

describe('an offline host is not gone', () => {
  test.each(['pending', 'running', 'stopping', 'stopped'])(
    'A host that a target names is present while EC2 reports it as %s',
    async (state) => {
      services.known.instances.set(host, { state });

      expect(await find(host, null)).toEqual({ type: 'present' });
    },
  );

  test('A host of a group is present although its SSM Agent lost the connection', async () => {
    services.known.instances.set(host, {});
    services.known.nodes.set(host, { online: false });
    services.known.group.set(host, 'InService');

    expect(await find(host, byGroup)).toEqual({ type: 'present' });
  });

  test('A running host with all tags is present although SSM does not know it yet', async () => {
    services.known.instances.set(host, { tags });

    expect(await find(host, byTags)).toEqual({ type: 'present' });
  });

  test('A host that its group has just launched is present although EC2 does not know it yet', async () => {
    services.known.group.set(host, 'Pending');

    expect(await find(host, byGroup)).toEqual({ type: 'present' });
  });

  test('An instance that EC2 does not know is present while SSM knows it', async () => {
    services.known.nodes.set(host, { online: false });

    expect(await find(host, null)).toEqual({ type: 'present' });
  });

  test('A hybrid node is present although its SSM Agent lost the connection', async () => {
    services.known.nodes.set(node, { online: false });

    expect(await find(node, null)).toEqual({ type: 'present' });
  });

  test('Hosts of local mode and the function of the stack are always present, and no service is asked', async () => {
    expect(await find('local-web', null)).toEqual({ type: 'present' });
    expect(await find('lambda', null)).toEqual({ type: 'present' });
    expect(services.ec2.requests).toEqual([]);
    expect(services.known.asked).toEqual([]);
  });
});

describe('a terminated host is gone', () => {
  test.each(['shutting-down', 'terminated'])(
    'An instance is terminated if EC2 reports it as %s',
    async (state) => {
      services.known.instances.set(host, { state, tags });
      services.known.group.set(host, 'InService');
      const expected = { type: 'terminated', why: `EC2 reports it as ${state}` };

      for (const selector of [null, byGroup, byTags]) expect(await find(host, selector)).toEqual(expected);
    },
  );

  test('An instance is terminated if neither EC2 nor SSM knows it', async () => {
    expect(await find(host, null)).toEqual({ type: 'terminated', why: 'neither EC2 nor SSM knows it' });
    expect(await find(host, byTags)).toMatchObject({ type: 'terminated' });
  });

  test.each(['Terminating', 'Terminating:Wait', 'Terminating:Proceed', 'Terminated'])(
    'A running instance that its group lists as %s is terminated: scale-in, instance refresh and spot interruption',
    async (state) => {
      services.known.instances.set(host, {});
      services.known.group.set(host, state);

      expect(await find(host, byGroup)).toEqual({
        type: 'terminated',
        why: `Auto Scaling group web lists it as ${state}`,
      });
    },
  );

  test('A hybrid node is terminated if it was deregistered', async () => {
    expect(await find(node, null)).toMatchObject({ type: 'terminated' });
  });
});

describe('a deselected host is gone', () => {
  test.each(['Warmed:Pending', 'Warmed:Running', 'Warmed:Stopped', 'Standby', 'Detaching'])(
    'An instance that its group lists as %s is deselected',
    async (state) => {
      services.known.instances.set(host, {});
      services.known.group.set(host, state);

      expect(await find(host, byGroup)).toMatchObject({ type: 'deselected' });
    },
  );

  test('A running instance is deselected if its group does not list it', async () => {
    services.known.instances.set(host, {});

    expect(await find(host, byGroup)).toEqual({
      type: 'deselected',
      why: 'Auto Scaling group web does not list it',
    });
  });

  test('A running instance is deselected if it lost a tag, and the reason names the tag', async () => {
    services.known.instances.set(host, { tags: { role: 'web', stage: 'test' } });

    expect(await find(host, byTags)).toEqual({
      type: 'deselected',
      why: 'it does not have the tag stage=live',
    });
  });

  test('A stopped instance is deselected if its target selects by tags', async () => {
    services.known.instances.set(host, { state: 'stopped', tags });

    expect(await find(host, byTags)).toMatchObject({ type: 'deselected' });
  });

  test('A hybrid node is deselected if it lost a tag', async () => {
    services.known.nodes.set(node, { tags: { role: 'web' } });

    expect(await find(node, byTags)).toMatchObject({ type: 'deselected' });
  });
});
