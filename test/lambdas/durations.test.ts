import { expect, test } from 'vitest';
import { historyItem, wishIn } from '../../lambdas/recording/item.ts';
import { rawRequest } from './support/factories.ts';

const ended = (request: object) =>
  historyItem({
    wish: wishIn(request),
    ending: { outcome: 'deployed', summary: 'seen', reason: null, repair: null, warnings: [] },
    deploymentId: 'd-1',
    executionArn: 'arn:d-1',
    startedAt: '2026-11-22T12:00:00.000Z',
    endedAt: new Date('2026-11-22T12:01:10.000Z'),
    fence: 1,
    previousFingerprint: null,
    lock: { acquiredAt: '2026-11-22T12:01:03.000Z' },
    recordedBy: 'graph',
  }).durations;

test('a deployment’s durations begin when it begins', () => {
  expect(ended(rawRequest())).toEqual({ lockWaitMs: 63_000, totalMs: 70_000 });
});

test('what a deployment of a rollout waited so that not all begin at once is no wait for a lock', () => {
  expect(ended({ ...rawRequest(), splaySeconds: 60 })).toEqual({ lockWaitMs: 3000, totalMs: 10_000 });
});
