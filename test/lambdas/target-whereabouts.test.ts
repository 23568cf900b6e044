import { describe, expect, test } from 'vitest';
import { createTargetWhereabouts } from '../../lambdas/delivery/target-whereabouts.ts';
import { aRegisteredTarget } from '../fixtures/rollout-state.ts';

describe('the selector', () => {
  const host = 'i-0123456789abcdef0';
  const asked: unknown[] = [];
  const whereabouts = (selector: object | string) =>
    createTargetWhereabouts({
      catalogue: {
        target: async (id) =>
          id === 'web'
            ? { thing: aRegisteredTarget(0, { host: selector } as never), origin: 'cli' as const }
            : null,
      },
      find: async (_, found) => {
        asked.push(found);
        return { type: 'present' };
      },
    });

  test('The selector is that of the registered target now; a target that names its host has none', async () => {
    const group = { autoScalingGroup: 'web' };
    asked.length = 0;

    await whereabouts(group)({ id: `web.${host}`, host });
    await whereabouts(group)({ id: `unregistered.${host}`, host });
    await whereabouts(host)({ id: 'web', host });

    expect(asked).toEqual([group, null, null]);
  });

  test('A host is not gone if EC2, Auto Scaling or the registry cannot be asked', async () => {
    const fails = async () => {
      throw new Error('Rate exceeded');
    };
    const find = createTargetWhereabouts({ catalogue: { target: fails }, find: fails });

    expect(await find({ id: `web.${host}`, host })).toEqual({ type: 'present' });
    expect(await find({ id: 'web', host })).toEqual({ type: 'present' });
  });
});
