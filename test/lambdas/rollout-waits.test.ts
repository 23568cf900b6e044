import { beforeEach, describe, expect, test } from 'vitest';
import type { RolloutState } from '../../core/rollout/rollout.ts';
import { Verify } from '../../core/targets/verify.ts';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { resumedState } from '../../lambdas/rollout/resume-state.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import {
  aBegunState,
  aRegisteredTarget,
  aResult,
  execution,
  idOf,
  install,
  rolloutId,
  withFleet,
} from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type Parts = NonNullable<Parameters<typeof aBegunState>[1]>;
const next = (state: RolloutState) => nextWave(by)({ execution, state });
const halt = () =>
  Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { status: 'halted', reason: 'ops' });

describe('NextWave while a rollout waits', () => {
  const aPause = () => {
    withFleet(by, 3);
    return aBegunState(by, {
      strategy: { pauseSeconds: 604_800 },
      judgement: { verdict: 'pause' },
      wave: { verdict: 'deploy', count: 1, total: 3 },
    });
  };

  test('While a rollout waits, NextWave notices a halt within minutes, without searching hosts first', async () => {
    const paused = await next(aPause());
    expect(paused.wave).toMatchObject({ verdict: 'pause', waitSeconds: 900 });
    expect(by.fleet.asked).toEqual([]);
    halt();
    by.clock.set('2026-11-22T12:15:00.000Z');

    expect((await next(paused)).wave).toMatchObject({ verdict: 'halted', summary: 'ops', waitSeconds: 0 });
  });

  test('While a rollout waits, NextWave continues after the pause, and when the rollout is resumed in it', async () => {
    const paused = await next(aPause());

    expect((await next(resumedState(paused, 1))).wave).toMatchObject({ verdict: 'deploy' });
    by.clock.set('2026-11-29T12:00:00.000Z');
    expect((await next(paused)).wave).toMatchObject({ verdict: 'deploy' });
  });

  test('While a rollout waits, NextWave checks closed windows and hosts once an hour, and halts more often', async () => {
    const window = { from: '02:00', to: '04:00', timeZone: 'UTC' };
    by.catalogue.registered.push(aRegisteredTarget(0, { window }));
    let state = await next(aBegunState(by));
    let passed = 0;

    for (const look of [900, 900, 900]) {
      expect(state.wave).toMatchObject({ verdict: 'wait', waitSeconds: look });
      passed += look;
      by.clock.set(new Date(Date.parse('2026-11-22T12:00:00.000Z') + passed * 1000).toISOString());
      state = await next(state);
      expect(by.fleet.asked).toHaveLength(1);
    }
    by.clock.set('2026-11-22T13:00:00.000Z');
    state = await next(state);
    expect(by.fleet.asked).toHaveLength(2);
    halt();
    expect((await next(state)).wave.verdict).toBe('halted');
  });
});

describe('NextWave without targets left', () => {
  const serviceEndpoints = [Verify.parse({ endpoint: 'lb.example.com:443' })];

  /** Everybody has the version. */
  const nobodyLeft = async (parts: Parts = {}, endpoints = serviceEndpoints) => {
    withFleet(by, 2);
    for (const number of [1, 2]) {
      await by.files.writeJudged(rolloutId, {
        number,
        direction: 'forward',
        results: [aResult(idOf(0), 'deployed')],
      });
    }
    for (const number of [0, 1]) install(by, idOf(number), 'new');
    return aBegunState(by, { ...parts, rollout: { serviceEndpoints: endpoints, ...parts.rollout } });
  };

  test.each<[string, Parts]>([
    ['everybody had the version already', {}],
    ['it was resumed after a halt for them', { wave: { number: 2, reached: 1, count: 1, total: 2 } }],
    [
      'they were looked at last while some were left, who have gone since',
      { wave: { number: 1, reached: 0, count: 1, total: 3 }, judgement: { attempt: 3, verdict: 'next' } },
    ],
    [
      'a part was deployed to, and resumed',
      { rollout: { only: { targets: [idOf(0)] } }, wave: { number: 1, count: 1, total: 1 } },
    ],
  ])('Without targets left, NextWave has the services probed where %s', async (_, parts) => {
    const state = await next(await nobodyLeft(parts));

    expect(state.wave).toMatchObject({ verdict: 'probe_services', count: 0 });
    expect(state.judgement).toMatchObject({ verdict: 'probe_services', attempt: 0 });
    const seen: RolloutState = { ...state, judgement: { ...state.judgement, attempt: 1, verdict: 'next' } };
    expect((await next(seen)).wave.verdict).toBe('finished');
  });

  test.each<[string, Parts, typeof serviceEndpoints]>([
    ['there are none', {}, []],
    [
      'they were right after the last wave',
      { wave: { number: 1, count: 2, total: 2 }, judgement: { attempt: 1, verdict: 'next' } },
      serviceEndpoints,
    ],
    ['a part had nothing to do', { rollout: { only: { targets: [idOf(0)] } } }, serviceEndpoints],
  ])('Without targets left, NextWave finishes at once where %s', async (_, parts, endpoints) => {
    expect((await next(await nobodyLeft(parts, endpoints))).wave.verdict).toBe('finished');
  });

  test('Without any host, NextWave finishes at once', async () => {
    expect((await next(aBegunState(by, { rollout: { serviceEndpoints } }))).wave.verdict).toBe('finished');
  });
});
