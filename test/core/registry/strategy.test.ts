import { describe, expect, test } from 'vitest';
import { mergeStrategies, Strategy, StrategyOverrides } from '../../../core/registry/strategy.ts';
import { problemLines } from '../../../core/targets/problems.ts';

test('A field of the strategy comes from the request, else from the certificate, else from the defaults', () => {
  const certificate = StrategyOverrides.parse({ pauseSeconds: 600, maxConcurrency: 5 });
  const request = StrategyOverrides.parse({ pauseSeconds: 0 });

  expect(mergeStrategies(certificate, request)).toEqual({
    ...Strategy.parse({}),
    maxConcurrency: 5,
    pauseSeconds: 0,
  });
});

describe('an approval after a wave', () => {
  test.each<[string, object, object]>([
    ['the one wave of a request', { approvalAfterWave: 1 }, { waves: ['100%'] }],
    ['the last wave', { waves: [1, '100%'] }, { approvalAfterWave: 2 }],
    ['no wave of the default', {}, { approvalAfterWave: 4 }],
    ['a wave that reaches all already', { approvalAfterWave: 1 }, { waves: ['100%', '100%'] }],
  ])(
    'An approval after a wave is refused where the wave is %s, because no approval would be requested',
    (_, certificate, request) => {
      const attempt = () =>
        mergeStrategies(StrategyOverrides.parse(certificate), StrategyOverrides.parse(request));

      expect(attempt).toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
      expect(attempt).toThrow(
        /^approvalAfterWave is \d, but waves is \[.*"100%"\]: .* approvalAfterWave to 0/,
      );
    },
  );

  test.each<[object, object]>([
    [{ approvalAfterWave: 1 }, {}],
    [{ approvalAfterWave: 2 }, { waves: [1, '10%', '100%'] }],
    [{ approvalAfterWave: 1 }, { approvalAfterWave: 0, waves: ['100%'] }],
  ])(
    'An approval after a wave is accepted if a wave follows, and 0 requests none: %j, %j',
    (certificate, request) => {
      expect(mergeStrategies(certificate, request)).toMatchObject({ ...certificate, ...request });
    },
  );

  test('An approval after a wave is refused with its field if the waves are given as well', () => {
    const input = { waves: [1, '100%'], approvalAfterWave: 2 };
    const { error } = StrategyOverrides.safeParse(input);

    expect(problemLines({ schema: StrategyOverrides, input }, error?.issues ?? [])).toEqual([
      'approvalAfterWave: expected 0, or a wave that is not the last one of waves ([1,"100%"]), got 2',
    ]);
    expect(StrategyOverrides.safeParse({ approvalAfterWave: 7 }).success).toBe(true);
  });
});
