import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as judgeWave } from '../../lambdas/handlers/rollout/judge-wave.ts';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { fingerprint, source } from '../fixtures/factories.ts';
import {
  aBegunState,
  aRegisteredTarget,
  aResult,
  execution,
  hostOf,
  idOf,
  install,
  rolloutId,
  withFleet,
} from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type State = ReturnType<typeof aBegunState>;
const next = (state: State) => nextWave(by)({ execution, state });
const itemsOf = (state: State) => by.files.items.get(state.wave.items.key) ?? [];
const targetsOf = (state: State) => itemsOf(state).map(({ target }) => target.id);

/** The wave's deployments end so (`deployed` unless said), what they leave is known, and the wave is judged. */
async function afterItsEnd(state: State, outcomes: Record<string, string> = {}): Promise<State> {
  const results = itemsOf(state).map(({ target, action }) => {
    const outcome = outcomes[target.id] ?? 'deployed';
    const version = action === 'rollback' ? 'old' : 'new';
    if (outcome === 'deployed') install(by, target.id, version, { rollout: rolloutId });
    if (outcome === 'lost') install(by, target.id, null, { rollout: rolloutId, outcome });
    return aResult(target.id, outcome);
  });
  return judgeWave(by)({ execution, state: { ...state, deployed: by.files.ended(results) } });
}

describe('NextWave', () => {
  test('NextWave writes the canary’s deployment to the bucket', async () => {
    withFleet(by, 20);

    const state = await next(aBegunState(by));

    expect(state.wave).toMatchObject({
      verdict: 'deploy',
      direction: 'forward',
      number: 1,
      step: 0,
      count: 1,
      reached: 0,
      total: 20,
      refused: 0,
      previousVersions: [fingerprint('old')],
      maxConcurrency: 8,
      summary: 'wave 1 (1): 1 of 20 targets, 0 already reached',
    });
    expect(itemsOf(state)).toEqual([
      {
        target: expect.objectContaining({ id: idOf(0), host: hostOf(0) }),
        action: 'deploy',
        version: { fingerprint: fingerprint('new'), source },
        rollout: rolloutId,
        toleratedFailures: 0,
        splaySeconds: 0,
      },
    ]);
  });

  test('NextWave deploys again where a superseded rollout’s deployment of another version is at work', async () => {
    withFleet(by, 3);
    for (const number of [0, 1, 2]) install(by, idOf(number), 'new');
    const wanted = ['new', 'other', 'new'].entries();
    for (const [number, version] of wanted) by.installed.wants.set(idOf(number), fingerprint(version));

    const state = await next(aBegunState(by));
    expect(state.wave).toMatchObject({ verdict: 'deploy', reached: 2, total: 3 });
    expect(targetsOf(state)).toEqual([idOf(1)]);
  });

  test('NextWave goes from wave to wave until all are reached, each target once', async () => {
    withFleet(by, 20);
    const turns: string[][] = [];
    let state = await next(aBegunState(by));
    while (state.wave.verdict === 'deploy') {
      turns.push(targetsOf(state));
      state = await next(await afterItsEnd(state));
    }

    expect(turns.map(({ length }) => length)).toEqual([1, 1, 18]);
    expect(new Set(turns.flat()).size).toBe(20);
    expect(state.wave).toMatchObject({ verdict: 'finished', summary: 'all 20 targets reached', number: 3 });
  });

  test('NextWave splays all waves but the canary, and sets the tolerated failures', async () => {
    withFleet(by, 20);
    const strategy = { waves: ['50%', '100%'], splaySeconds: 60, toleratedFailures: '10%' as const };

    const state = await next(aBegunState(by, { strategy }));

    expect(itemsOf(state).map(({ splaySeconds }) => splaySeconds)).toEqual(Array(10).fill(30));
    expect(itemsOf(state).map(({ toleratedFailures }) => toleratedFailures)).toEqual(Array(10).fill(2));
    expect(by.rollouts.controls.get(rolloutId)?.tolerated).toBe(2);
    expect(state.judgement.tolerated).toBe(2);
  });

  test('NextWave answers the same when it is called again, but for the file that it has written', async () => {
    withFleet(by, 5);
    const given = aBegunState(by);
    const withoutPlan = ({ wave: { plans: _, items: __, ...wave }, ...state }: State) => ({ ...state, wave });

    const [first, second] = [await next(given), await next(given)];

    expect(withoutPlan(second)).toEqual(withoutPlan(first));
    expect(itemsOf(second)).toEqual(itemsOf(first));
    expect(second.wave.items.key).not.toBe(first.wave.items.key);
  });

  test('NextWave forgets what a Map and a Catch left in the state', async () => {
    withFleet(by, 5);
    const deployed = by.files.ended([]);

    const state = await next(aBegunState(by, { deployed, failure: { Error: 'X', Cause: '' } }));

    expect(state).toMatchObject({ deployed: null, failure: null });
  });

  test('NextWave finds hosts as they are now, and asks for a selector once', async () => {
    withFleet(by, 0);
    const host = { tags: { role: 'web' } };
    by.catalogue.registered.push(aRegisteredTarget(0, { host }), aRegisteredTarget(1, { host }));
    const hosts = [7, 8].map((number) => ({ host: hostOf(number), address: null, online: true }));
    by.fleet.hosts.set(JSON.stringify(host), hosts);

    const state = await next(aBegunState(by, { strategy: { waves: ['100%'] } }));

    expect(targetsOf(state)).toEqual(
      [7, 8, 7, 8].map((host, at) => `${idOf(at < 2 ? 0 : 1)}.${hostOf(host)}`),
    );
    expect(by.fleet.asked).toHaveLength(1);
  });

  test('NextWave has only the part that was asked for', async () => {
    withFleet(by, 4);
    const only = { targets: [idOf(1), idOf(2)], hosts: [hostOf(2), hostOf(3)] };

    expect(targetsOf(await next(aBegunState(by, { rollout: { only } })))).toEqual([idOf(2)]);
  });

  test('NextWave waits while windows are closed, and takes no number for that', async () => {
    withFleet(by, 0);
    const window = { from: '02:00', to: '04:00', timeZone: 'UTC' };
    by.catalogue.registered.push(aRegisteredTarget(0, { window }));

    const { wave } = await next(aBegunState(by));

    expect(wave).toMatchObject({ verdict: 'wait', waitSeconds: 900, number: 0, total: 1 });
    expect(wave.summary).toBe('0 of 1 targets reached; the window of web-000 opens 2026-11-23T02:00Z');
  });

  test('NextWave halts before the first change when more targets lack an address than may fail', async () => {
    withFleet(by, 2);
    by.catalogue.registered.push(aRegisteredTarget(2, { verify: { endpoint: '{host}:443' } }));

    const state = await next(aBegunState(by));
    const tolerating = await next(aBegunState(by, { strategy: { toleratedFailures: 1 } }));

    expect(state.wave).toMatchObject({ verdict: 'halted', refused: 1, total: 3 });
    expect(state.judgement).toMatchObject({ verdict: 'halt', reason: 'TooManyFailures', failed: 1 });
    expect(state.wave.summary).toContain(idOf(2));
    expect(tolerating.wave).toMatchObject({ verdict: 'deploy', refused: 1, reached: 1 });
  });

  test('NextWave does not try a failed target again, unless the rollout was resumed since', async () => {
    withFleet(by, 2);
    const strategy = { waves: [1, '100%'], toleratedFailures: 1 };
    const judged = await afterItsEnd(await next(aBegunState(by, { strategy })), { [idOf(0)]: 'rejected' });

    const resumed = { ...judged, judgement: { ...judged.judgement, sinceWave: 1 } };

    expect(targetsOf(await next(judged))).toEqual([idOf(1)]);
    expect(targetsOf(await next(resumed))).toEqual([idOf(0)]);
  });

  test('NextWave ends for a newer version, whichever way it goes', async () => {
    withFleet(by, 2);
    const state = aBegunState(by);
    Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { supersededBy: 'r-2' });

    expect((await next(state)).wave).toMatchObject({ verdict: 'superseded' });
    const back = { ...state, wave: { ...state.wave, direction: 'rollback' as const } };
    expect((await next(back)).wave).toMatchObject({ verdict: 'superseded' });
  });

  test.each(['halted', 'rolling_back', 'ended'] as const)(
    'NextWave halts when it reads %s',
    async (status) => {
      withFleet(by, 2);
      const state = aBegunState(by);
      Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { status, reason: 'ops said so' });

      expect((await next(state)).wave).toMatchObject({ verdict: 'halted', summary: 'ops said so' });
      expect(by.files.items.size).toBe(0);
    },
  );

  test('NextWave halts when the deployments themselves have counted too many failures', async () => {
    withFleet(by, 2);
    const state = aBegunState(by);
    Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { failures: 1 });

    expect((await next(state)).judgement).toMatchObject({ verdict: 'halt', failed: 1, tolerated: 0 });
  });
});

describe('NextWave during a rollback', () => {
  const strategy = { waves: [1, '50%', '100%'], toleratedFailures: '100%' as const };

  /** Ten targets, of which one was lost in the last wave; then the rollout turned back. */
  async function turnedBack(outcomes: Record<string, string> = {}): Promise<State> {
    withFleet(by, 10);
    let state = await next(aBegunState(by, { strategy }));
    while (state.wave.verdict === 'deploy') state = await next(await afterItsEnd(state, outcomes));
    await by.rollouts.startRollback(rolloutId);
    return { ...state, wave: { ...state.wave, direction: 'rollback' } };
  }

  test('NextWave rolls back changed targets, the newest wave first', async () => {
    let state = await next(await turnedBack());
    expect(state.wave).toMatchObject({
      number: 4,
      count: 5,
      summary: 'wave 4: rolling back 5 targets of wave 3',
    });
    expect(itemsOf(state)[0]).toEqual({
      target: expect.objectContaining({ id: idOf(9) }),
      action: 'rollback',
      version: null,
      replaces: fingerprint('new'),
      rollout: rolloutId,
      splaySeconds: 0,
    });
    const sizes: number[] = [];
    while (state.wave.verdict === 'deploy') {
      sizes.push(state.wave.count);
      state = await next(await afterItsEnd(state));
    }

    expect(sizes).toEqual([5, 4, 1]);
    expect(state.wave).toMatchObject({ verdict: 'rolled_back', total: 10 });
  });

  test('NextWave reports an incomplete rollback with the name of a lost target', async () => {
    let state = await next(await turnedBack({ [idOf(9)]: 'lost' }));
    while (state.wave.verdict === 'deploy') state = await next(await afterItsEnd(state));

    expect(state.wave).toMatchObject({
      verdict: 'rollback_incomplete',
      summary: `not rolled back, or state unknown: ${idOf(9)}`,
    });
  });

  test('NextWave reports an incomplete rollback while a broken deployment is not recorded, whatever was known before', async () => {
    const state = await turnedBack({ [idOf(9)]: 'ABORTED' });
    expect(by.installed.has.get(idOf(9))).toMatchObject({ fingerprint: fingerprint('old') });
    by.installed.wants.set(idOf(9), fingerprint('new'));

    let back = await next(state);
    while (back.wave.verdict === 'deploy') back = await next(await afterItsEnd(back));
    expect(back.wave.summary).toBe(`not rolled back, or state unknown: ${idOf(9)}`);
  });

  // a redriven deployment that has lost its lock says `rejected`, whatever it did before
  test.each([
    ['its own deployment was lost', rolloutId],
    ['one that came after it was lost', undefined],
  ])(
    'NextWave reports an incomplete rollback where %s, although another attempt could report a refusal',
    async (_, rollout) => {
      const state = await turnedBack({ [idOf(9)]: 'rejected' });
      install(by, idOf(9), null, { outcome: 'lost', rollout, at: '2099-01-01T00:00:00.000Z' });

      let back = await next(state);
      while (back.wave.verdict === 'deploy') back = await next(await afterItsEnd(back));
      expect(back.wave.verdict).toBe('rollback_incomplete');
    },
  );

  test('NextWave rolls back what a wave without results has changed', async () => {
    withFleet(by, 1);
    const unjudged = await next(aBegunState(by));
    install(by, idOf(0), 'new', { rollout: rolloutId });
    await by.rollouts.startRollback(rolloutId);

    const state = await next({ ...unjudged, wave: { ...unjudged.wave, direction: 'rollback' } });

    expect(state.wave).toMatchObject({ verdict: 'deploy', number: 2, count: 1 });
  });
});
