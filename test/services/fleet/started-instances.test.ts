import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { HostLocation } from '../../../core/targets/host-location.ts';
import { createStartedInstances, type StartedInstances } from '../../../services/fleet/started-instances.ts';
import { type HostServices, startHostServices } from '../../fakes/host-services.ts';

const id = 'i-0123456789abcdef0';
const startedAt = '2026-07-01T10:00:00.000Z';
const tags = { certferry: 'true', role: 'web' };

let services: HostServices;
let instances: StartedInstances;
const places: HostLocation[] = [];

beforeAll(async () => {
  services = await startHostServices();
  instances = createStartedInstances((place) => {
    places.push(place);
    return services.clients.ec2;
  });
});
beforeEach(() => {
  services.reset();
  places.length = 0;
});
afterAll(() => services.close());

test.each(['pending', 'running'])(
  'A started instance has its tags and its start while it is %s',
  async (state) => {
    services.known.instances.set(id, { state, startedAt, tags });

    expect(await instances.find(id)).toMatchObject({ tags, startedAt: Date.parse(startedAt) });
  },
);

test.each(['stopping', 'stopped', 'shutting-down', 'terminated'])(
  'A %s instance is not started',
  async (state) => {
    services.known.instances.set(id, { state, startedAt, tags });

    expect(await instances.find(id)).toBeNull();
  },
);

test('An instance that EC2 does not know is not started', async () => {
  expect(await instances.find(id)).toBeNull();
});

test('An instance of another account is read there', async () => {
  services.known.instances.set(id, { startedAt, tags });

  expect(await instances.find(`210987654321/eu-north-1/${id}`)).not.toBeNull();
  expect(places).toEqual([{ instance: id, account: '210987654321', region: 'eu-north-1' }]);
});
