import { expect, test } from 'vitest';
import { Strategy, StrategyOverrides, strategyFrom } from '../../../core/rollout/strategy.ts';

test('what a request does not say about the strategy comes from the certificate, then the default', () => {
  const certificate = StrategyOverrides.parse({ pauseSeconds: 600, maxConcurrency: 5 });
  const request = StrategyOverrides.parse({ pauseSeconds: 0 });

  expect(strategyFrom(certificate, request)).toEqual({
    ...Strategy.parse({}),
    maxConcurrency: 5,
    pauseSeconds: 0,
  });
});
