import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { rolloutTo, served, useFleets } from './fleet.ts';
import { makeStuck } from './served-target.ts';

const aFleet = useFleets();
const patient = { timeout: 600_000 };

describe('a rollout with a requested rollback', () => {
  test(
    'A rollback that is requested during a rollout finishes running deployments, then rolls back everything, verified',
    patient,
    async () => {
      const fleet = await aFleet(4);
      const { backend, first } = await fleet.openServing();
      const asked: Promise<unknown>[] = [];
      let id = '';

      const end = await backend.rollout(
        rolloutTo(await aVersion(), { targets: fleet.targets, strategy: { waves: [2, '100%'] } }),
        {
          onStart: (begun) => {
            id = begun;
          },
          onEvent: ({ type, state }) => {
            if (type === 'StateExited' && state?.name === 'JudgeWave' && asked.length === 0) {
              asked.push(backend.rollBack(id, 'customers see errors'));
            }
          },
        },
      );

      expect(await Promise.all(asked)).toMatchObject([{ rollbackRequested: true, outcome: null }]);
      expect(end).toMatchObject({ status: 'FAILED', output: { outcome: 'rolled_back' } });
      expect(end.output?.summary).toContain('customers see errors');
      expect(await served(fleet)).toEqual(Array(4).fill(first.fingerprint));
      expect(await backend.rollBack(id, 'again')).toBeNull();
    },
  );

  test(
    'A rollback that is requested with resume rolls back a rollout that was halted without one',
    patient,
    async () => {
      const fleet = await aFleet(4);
      const { backend, first } = await fleet.openServing();
      const [, stuck] = fleet.servers;
      if (stuck !== undefined) makeStuck(stuck);
      const halted = await backend.rollout(
        rolloutTo(await aVersion(), { targets: fleet.targets, strategy: { waves: [2, '100%'] } }),
      );
      expect(halted.output).toMatchObject({ outcome: 'halted', counts: { deployed: 1, rolled_back: 1 } });
      if (stuck !== undefined) rmSync(stuck.stuckPath);

      expect(await backend.rollBack(halted.id, 'enough')).toMatchObject({ outcome: 'halted' });
      const end = await backend.resume(halted.id, null);

      expect(end).toMatchObject({ status: 'FAILED', output: { outcome: 'rolled_back' } });
      expect(await served(fleet)).toEqual(Array(4).fill(first.fingerprint));
    },
  );
});
