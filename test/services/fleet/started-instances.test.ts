// EC2 is a script here: it knows one instance, and does not model filters of several values beyond membership.
import { EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { HostLocation } from '../../../core/targets/host-location.ts';
import { createStartedInstances, type StartedInstances } from '../../../services/fleet/started-instances.ts';
import { listed, type Query, type QueryService, queryService } from '../../fakes/query-service.ts';
import { clientFor } from '../../fakes/scripted-service.ts';

const id = 'i-0123456789abcdef0';
let state: string;
let ec2: QueryService;
let client: EC2Client;
const places: HostLocation[] = [];
let instances: StartedInstances;

beforeAll(async () => {
  ec2 = await queryService(describeInstances);
  client = new EC2Client(clientFor(ec2));
  instances = createStartedInstances((place) => {
    places.push(place);
    return client;
  });
});
beforeEach(() => {
  state = 'running';
  places.length = 0;
});
afterAll(() => ec2.close());

function describeInstances(query: Query): string {
  const filters = listed(query, 'Filter').map((prefix) => ({
    name: query[`${prefix}.Name`],
    values: listed(query, `${prefix}.Value`).map((key) => query[key]),
  }));
  const has = (name: string, value: string) =>
    filters.some((one) => one.name === name && one.values.includes(value));
  const isFound = has('instance-id', id) && has('instance-state-name', state);
  const tag = '<item><key>certferry</key><value>true</value></item><item><key>role</key><value/></item>';
  const instance = `<item><instanceId>${id}</instanceId><launchTime>2026-07-01T10:00:00.000Z</launchTime><tagSet>${tag}</tagSet></item>`;
  return `<reservationSet>${isFound ? `<item><instancesSet>${instance}</instancesSet></item>` : ''}</reservationSet>`;
}

test.each(['pending', 'running'])(
  'A started instance is found with its tags and its start while it is %s',
  async (now) => {
    state = now;

    expect(await instances.find(id)).toEqual({
      tags: { certferry: 'true', role: '' },
      startedAt: '2026-07-01T10:00:00.000Z',
    });
  },
);

test.each(['stopping', 'stopped', 'shutting-down', 'terminated'])(
  'A %s instance is no started instance',
  async (now) => {
    state = now;

    expect(await instances.find(id)).toBeNull();
  },
);

test('A started instance of another account is read there', async () => {
  expect(await instances.find(`210987654321/eu-north-1/${id}`)).not.toBeNull();
  expect(places).toEqual([{ instance: id, account: '210987654321', region: 'eu-north-1' }]);
});
