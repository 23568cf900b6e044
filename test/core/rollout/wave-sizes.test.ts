import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goalOf, stepAfter, toleratedOf } from '../../../core/rollout/wave-sizes.ts';

describe('the goal of a wave', () => {
  test.each([
    [1, 200, 1],
    ['10%', 200, 20],
    ['10%', 5, 1],
    ['34%', 10, 4],
    ['0%', 10, 0],
    ['100%', 7, 7],
    [50, 7, 7],
    ['100%', 0, 0],
  ] as const)(
    'The goal of a wave of %s of %i targets is %i: a part of a target counts as one',
    (share, total, goal) => {
      expect(goalOf(share, total)).toBe(goal);
    },
  );
});

describe('what is tolerated', () => {
  test.each([
    [0, 200, 0],
    [3, 200, 3],
    ['10%', 200, 20],
    ['10%', 9, 0],
    ['100%', 4, 4],
  ] as const)(
    'What is tolerated of %s of %i targets is %i: a part of a target counts as none',
    (share, total, tolerated) => {
      expect(toleratedOf(share, total)).toBe(tolerated);
    },
  );

  test('What is tolerated is never more than what a wave of the same share reaches', () => {
    const share = fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`);
    fc.assert(
      fc.property(share, fc.nat(100_000), (part, total) => {
        expect(toleratedOf(part, total)).toBeLessThanOrEqual(goalOf(part, total));
      }),
    );
  });
});

describe('the next wave of a strategy', () => {
  test.each([
    [
      { reached: 0, total: 200 },
      { step: 0, goal: 1 },
    ],
    [
      { reached: 1, total: 200 },
      { step: 1, goal: 20 },
    ],
    [
      { reached: 19, total: 200 },
      { step: 1, goal: 20 },
    ],
    [
      { reached: 20, total: 200 },
      { step: 2, goal: 200 },
    ],
    [
      { reached: 1, total: 5 },
      { step: 2, goal: 5 },
    ],
    [{ reached: 200, total: 200 }, null],
    [{ reached: 0, total: 0 }, null],
  ])('The next wave of a strategy after %j is %j', (progress, step) => {
    expect(stepAfter({ waves: [1, '10%', '100%'] }, progress)).toEqual(step);
  });

  test('The next wave of a strategy passes over one that wants less than the one before', () => {
    expect(stepAfter({ waves: ['50%', 1, '100%'] }, { reached: 5, total: 10 })).toEqual({
      step: 2,
      goal: 10,
    });
  });
});
