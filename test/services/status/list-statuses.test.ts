import { expect, test } from 'vitest';
import type { RegisteredTarget } from '../../../core/targets/registered.ts';
import { listStatuses } from '../../../services/status/list-statuses.ts';
import { aRegisteredTarget } from '../../fixtures/rollout-state.ts';

const hosts = ['i-0aaaaaaaaaaaaaaa0', 'i-0bbbbbbbbbbbbbbb0'];

/** The targets on these selectors. The group `web` has two hosts, `empty` has none, and no other group can be queried. */
async function statusesOf(...targets: RegisteredTarget[]) {
  const queried: unknown[] = [];
  const statuses = await listStatuses({
    catalogue: {
      targets: async () => targets.map((thing) => ({ thing, origin: 'cli' as const })),
      currentVersion: async () => null,
    },
    fleet: {
      async resolve(selector) {
        queried.push(selector);
        const group =
          typeof selector === 'object' && 'autoScalingGroup' in selector ? selector.autoScalingGroup : '';
        if (group === 'empty') return [];
        if (group !== 'web') throw new Error('access denied');
        return hosts.map((host) => ({ host, address: null, online: true }));
      },
    },
    installed: { of: async () => new Map() },
    locks: { of: async () => new Map() },
    rollouts: { list: async () => [] },
    executions: { status: async () => 'ended' },
    clock: { now: () => new Date('2026-11-22T12:00:00Z') },
  });
  return { statuses, queried };
}

const onGroup = (id: string, autoScalingGroup: string) =>
  aRegisteredTarget(0, { id, host: { autoScalingGroup } } as never);

test('A target on a group has a status for each host of the group', async () => {
  const { statuses } = await statusesOf(onGroup('fleet', 'web'));

  expect(statuses).toMatchObject(
    hosts.map((host) => ({ targetId: `fleet.${host}`, host, condition: 'never_deployed' })),
  );
});

test('A target whose selector finds no host, or cannot be queried, is unresolved with the reason', async () => {
  const { statuses } = await statusesOf(onGroup('none', 'empty'), onGroup('denied', 'other'));

  expect(statuses).toMatchObject([
    {
      targetId: 'denied',
      host: null,
      condition: 'unresolved',
      summary: expect.stringContaining('access denied'),
    },
    {
      targetId: 'none',
      host: null,
      condition: 'unresolved',
      summary: expect.stringContaining('no running host'),
    },
  ]);
});

test('A target that names its host needs no query, so that a host that is gone is still listed', async () => {
  const { statuses, queried } = await statusesOf(aRegisteredTarget(0, { host: hosts[0] } as never));

  expect(queried).toEqual([]);
  expect(statuses).toMatchObject([{ host: hosts[0] }]);
});
