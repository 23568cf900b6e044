import { describe, expect, test } from 'vitest';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { heldDeployment } from '../fixtures/factories.ts';
import { aHostKey, useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

describe('PushBundle and the name of a target', () => {
  test.each(['deploy', 'validate'] as const)(
    'PushBundle rejects a leaf that does not cover the name of the target (%s), and sends nothing',
    async (action) => {
      const verify = { endpoint: '127.0.0.1:8443', serverName: 'www.example.com' };
      const deployment = await heldDeployment(world, { target: { verify }, action });
      await world.hostKeys.save(deployment.target.host, await aHostKey(), '2026-11-22T10:00:00.000Z');

      await pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken: 't1' });

      expect(world.executions.outputOf('t1')).toMatchObject({
        outcome: 'rejected',
        reason: 'NameNotCovered',
        summary: expect.stringContaining('does not cover www.example.com (it is for api.example.com)'),
      });
      expect(world.commands.sent).toEqual([]);
    },
  );
});
