import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Backoff, nextWaitSeconds } from '../../../core/tls-probe/backoff.ts';

function waits(schedule: Backoff): (number | null)[] {
  return Array.from({ length: schedule.attempts + 1 }, (_, made) => nextWaitSeconds(schedule, made));
}

describe('the schedule', () => {
  test('The schedule probes at once, then doubles the wait from the initial one to the maximum, then is exhausted', () => {
    expect(waits({ attempts: 8, initialBackoffSeconds: 1, maxBackoffSeconds: 16 })).toEqual([
      0,
      1,
      2,
      4,
      8,
      16,
      16,
      16,
      null,
    ]);
  });

  test('The schedule stops at a cap that is no power of the initial wait', () => {
    expect(waits({ attempts: 4, initialBackoffSeconds: 3, maxBackoffSeconds: 10 })).toEqual([
      0,
      3,
      6,
      10,
      null,
    ]);
  });

  test('The schedule is linear where the cap is the initial wait', () => {
    expect(waits({ attempts: 4, initialBackoffSeconds: 5, maxBackoffSeconds: 5 })).toEqual([
      0,
      5,
      5,
      5,
      null,
    ]);
  });

  test('The schedule waits for nothing when one attempt is all', () => {
    expect(waits({ attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 16 })).toEqual([0, null]);
  });

  test('The schedule never shrinks, never passes its cap, and ends exactly after its attempts', () => {
    const schedules = fc.record({
      attempts: fc.integer({ min: 1, max: 50 }),
      initialBackoffSeconds: fc.integer({ min: 1, max: 300 }),
      maxBackoffSeconds: fc.integer({ min: 300, max: 900 }),
    });
    fc.assert(
      fc.property(schedules, (schedule) => {
        const between = waits(schedule).slice(1, -1);
        expect(between).toEqual([...between].sort((one, other) => Number(one) - Number(other)));
        expect(Math.max(0, ...between.map(Number))).toBeLessThanOrEqual(schedule.maxBackoffSeconds);
        expect(between).not.toContain(null);
        expect(nextWaitSeconds(schedule, schedule.attempts)).toBeNull();
        expect(nextWaitSeconds(schedule, schedule.attempts + 7)).toBeNull();
      }),
    );
  });
});
