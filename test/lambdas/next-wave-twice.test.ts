import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aBegunState, execution, install, rolloutId, withFleet } from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type State = ReturnType<typeof aBegunState>;
const next = (state: State) => nextWave(by)({ execution, state });
const itemsOf = (state: State) => by.files.items.get(state.wave.items.key) ?? [];
const targetsOf = (state: State) => itemsOf(state).map(({ target }) => target.id);

describe('NextWave, of which several attempts are at work', () => {
  test('NextWave with overlapping attempts changes nothing of what another attempt at the wave has answered, however late it writes', async () => {
    withFleet(by, 5);
    const given = aBegunState(by, { strategy: { waves: ['100%'] } });
    const [held, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writeItems = async (...wrote: Parameters<typeof by.files.writeItems>) => {
      held.resolve();
      await answered.promise;
      await by.files.writeItems(...wrote);
    };
    const late = nextWave({ ...by, files: { ...by.files, writeItems } })({ execution, state: given });
    await held.promise;

    by.catalogue.registered.splice(2);
    const state = await next(given);
    const before = itemsOf(state);
    answered.resolve();

    expect(targetsOf(await late)).toHaveLength(5);
    expect(itemsOf(state)).toEqual(before);
    expect(before).toHaveLength(2);
    expect(state.wave.items.key).toContain(state.wave.plans.at(-1));
  });

  test('NextWave with overlapping attempts continues from the waves that were answered, regardless of other attempts', async () => {
    withFleet(by, 20);
    let state = aBegunState(by);
    for (const expected of [1, 2]) {
      await next(state);
      state = await next(state);
      expect(state.wave).toMatchObject({ verdict: 'deploy', number: expected });
      expect(state.wave.plans).toHaveLength(expected);
      install(by, targetsOf(state)[0] ?? '', 'new', { rollout: rolloutId });
    }
    await by.rollouts.startRollback(rolloutId);

    const back = await next({ ...state, wave: { ...state.wave, direction: 'rollback' } });

    // neither wave was judged: both are counted from the files that their plans name
    expect(back.wave).toMatchObject({ verdict: 'deploy', number: 3, count: 1 });
    expect(targetsOf(back)).toEqual(targetsOf(state));
  });
});
