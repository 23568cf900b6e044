import { expect, test } from 'vitest';
import { createHandler } from '../../lambdas/handlers/events/find-hosts.ts';
import { fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aRegisteredTarget } from '../fixtures/rollout-state.ts';

const selector = { tags: { app: 'web' }, account: '222233334444', region: 'eu-west-1' };
const host = { host: '222233334444/eu-west-1/i-0123456789abcdef0', address: '10.9.0.7', online: true };

test('FindHosts returns the current hosts of a registered target, and of no other', async () => {
  const { fleet } = fakeRolloutServices();
  const target = aRegisteredTarget(0, { host: selector });
  const catalogue = {
    target: async (id: string) => (id === target.id ? { thing: target, origin: 'cli' as const } : null),
  };
  fleet.hosts.set(JSON.stringify(selector), [host]);
  const findHosts = createHandler({ catalogue, fleet });

  expect(await findHosts({ targetId: target.id })).toEqual({ hosts: [host] });
  await expect(findHosts({ targetId: 'web-9' })).rejects.toMatchObject({ name: 'NoTargets' });
  expect(fleet.asked).toHaveLength(1);
});
