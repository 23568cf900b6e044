import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { continueWaiting, secondsToNextCheck } from '../../../core/rollout/wait-schedule.ts';
import { fakeRolloutServices } from '../../fakes/rollout-services.ts';
import { aBegunState } from '../../fixtures/rollout-state.ts';

const day = 86_400;
const noon = new Date('2026-11-22T12:00:00.000Z');
const later = (seconds: number) => new Date(noon.getTime() + seconds * 1000);

describe('the time until the next check of a waiting rollout', () => {
  test('The time until the next check of a waiting rollout is a twelfth of what is left, from one minute to fifteen, and never longer than what is left', () => {
    expect([15, 60, 300, 1200, 3600, 7 * day].map((left) => secondsToNextCheck(left, 0))).toEqual([
      15, 60, 60, 100, 300, 900,
    ]);
  });

  test('The time until the next check of a waiting rollout is a quarter of an hour at most for the first days, and longer for one that has waited for weeks', () => {
    expect([0, 299, 300, 600, 900].map((looks) => secondsToNextCheck(7 * day, looks))).toEqual([
      900, 900, 1800, 3600, 7200,
    ]);
  });

  test('The time until the next check of a waiting rollout leaves room in the history of an execution, however long it waits and for how many things', () => {
    const waits = fc.array(fc.integer({ min: 1, max: 7 * day }), { minLength: 1, maxLength: 400 });

    fc.assert(
      fc.property(waits, (each) => {
        let [left, looks] = [365 * day, 0];
        for (const wait of each) {
          let rest = Math.min(wait, left);
          left -= rest;
          while (rest > 0) {
            rest -= secondsToNextCheck(rest, looks);
            looks += 1;
          }
        }
        // nine events a look, of 25,000
        expect(looks * 9).toBeLessThan(20_000);
      }),
    );
  });

  test('A pause of a week takes seven hundred checks, and nineteen of them two thousand', () => {
    const looksOf = (pauses: number) => {
      let looks = 0;
      for (let pause = 0; pause < pauses; pause += 1) {
        for (let rest = 7 * day; rest > 0; looks += 1) rest -= secondsToNextCheck(rest, looks);
      }
      return looks;
    };

    expect(looksOf(1)).toBeLessThan(720);
    expect(looksOf(19)).toBeLessThan(2000);
  });
});

describe('a pause between two waves', () => {
  type Parts = Parameters<typeof aBegunState>[1];
  const state = (parts: Parts = {}) =>
    aBegunState(fakeRolloutServices(), {
      strategy: { pauseSeconds: 3600 },
      judgement: { verdict: 'pause' },
      ...parts,
      wave: { verdict: 'deploy', number: 1, reached: 0, count: 1, total: 20, ...parts.wave },
    });

  test('A pause between two waves begins with the first look after the wave, and is over when its time is', () => {
    const paused = continueWaiting(state(), noon);

    expect(paused).toMatchObject({
      verdict: 'pause',
      waitSeconds: 300,
      reached: 1,
      count: 0,
      summary: '1 of 20 reached; paused until 2026-11-22T13:00Z',
    });
    const next = (seconds: number) =>
      continueWaiting({ ...state(), wave: paused ?? state().wave }, later(seconds));
    expect(next(300)).toMatchObject({ verdict: 'pause', waitSeconds: 275, hold: { checks: 2 } });
    expect(next(3590)).toMatchObject({ waitSeconds: 10 });
    expect(next(3600)).toBeNull();
  });

  test('A pause between two waves begins after the answer to a question', () => {
    const asked = { judgement: { verdict: 'ask_approval' } } as const;

    expect(
      continueWaiting(state({ ...asked, approval: { verdict: 'approved', by: 'ops' } }), noon),
    ).toMatchObject({
      verdict: 'pause',
    });
    expect(continueWaiting(state(asked), noon)).toBeNull();
  });

  test.each<[string, Parts]>([
    ['the strategy has none', { strategy: {} }],
    ['nobody is left', { wave: { count: 20 } }],
    ['the rollout was resumed', { wave: { verdict: 'wait' }, judgement: { verdict: 'next' } }],
  ])('A pause between two waves does not begin where %s', (_, parts) => {
    expect(continueWaiting(state(parts), noon)).toBeNull();
  });
});
