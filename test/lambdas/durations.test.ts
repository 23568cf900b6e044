import { expect, test } from 'vitest';
import { type Ended, historyItem, wishIn } from '../../lambdas/recording/item.ts';
import { rawRequest } from './support/factories.ts';

const ending = { summary: 'seen', reason: null, repair: null, warnings: [] };
const ended = (request: object, known: Partial<Ended> = {}) =>
  historyItem({
    wish: wishIn(request),
    ending: { ...ending, outcome: 'deployed' },
    deploymentId: 'd-1',
    executionArn: 'arn:d-1',
    startedAt: '2026-11-22T12:00:00.000Z',
    endedAt: new Date('2026-11-22T12:01:10.000Z'),
    fence: 1,
    previousFingerprint: null,
    lock: { acquiredAt: '2026-11-22T12:01:03.000Z' },
    recordedBy: 'graph',
    ...known,
  }).durations;

test('a deployment’s durations begin when it begins', () => {
  expect(ended(rawRequest())).toEqual({ lockWaitMs: 63_000, totalMs: 70_000 });
});

test('what a deployment of a rollout waited so that not all begin at once is no wait for a lock', () => {
  expect(ended({ ...rawRequest(), splaySeconds: 60 })).toEqual({ lockWaitMs: 3000, totalMs: 10_000 });
});

test('a deployment that gave up waiting has waited all the time, whether it had its target’s lock or not', () => {
  const gaveUp = { ending: { ...ending, outcome: 'lock_unavailable' } } as const;

  expect(ended(rawRequest(), gaveUp)).toEqual({ lockWaitMs: 70_000, totalMs: 70_000 });
  expect(ended(rawRequest(), { ...gaveUp, lock: null })).toEqual({ lockWaitMs: 70_000, totalMs: 70_000 });
});
