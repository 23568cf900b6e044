import { describe, expect, test } from 'vitest';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { Phases } from '../../lambdas/recording/durations.ts';
import { type EndedDeployment, historyItem, requestFactsOf } from '../../lambdas/recording/history-item.ts';
import { rawRequest } from '../fixtures/factories.ts';
import { probeResult, pushResult } from '../fixtures/results.ts';

const noPhases = { push: null, probe: null, rollback: null };
const ending = { summary: 'seen', reason: null, repair: null, warnings: [] };
const ended = (request: object, known: Partial<EndedDeployment> = {}) =>
  historyItem({
    facts: requestFactsOf(request),
    ending: { ...ending, outcome: 'deployed' },
    deploymentId: 'd-1',
    executionArn: 'arn:d-1',
    startedAt: '2026-11-22T12:00:00.000Z',
    endedAt: new Date('2026-11-22T12:01:10.000Z'),
    fence: 1,
    previousFingerprint: null,
    lock: { acquiredAt: '2026-11-22T12:01:03.000Z' },
    phases: noPhases,
    recordedBy: 'graph',
    ...known,
  }).durations;

test('A deployment’s durations begin when it begins', () => {
  expect(ended(rawRequest())).toEqual({ lockWaitMs: 63_000, totalMs: 70_000 });
});

test('What a deployment of a rollout waited so that not all begin at once is no wait for a lock', () => {
  expect(ended({ ...rawRequest(), splaySeconds: 60 })).toEqual({ lockWaitMs: 3000, totalMs: 10_000 });
});

test('A deployment that gave up waiting has waited all the time, whether it had its target’s lock or not', () => {
  const gaveUp = { ending: { ...ending, outcome: 'lock_unavailable' } } as const;

  expect(ended(rawRequest(), gaveUp)).toEqual({ lockWaitMs: 70_000, totalMs: 70_000 });
  expect(ended(rawRequest(), { ...gaveUp, lock: null })).toEqual({ lockWaitMs: 70_000, totalMs: 70_000 });
});

describe('the phases of a deployment', () => {
  const at = (time: string) => `2026-11-22T12:01:${time}Z`;
  const push = pushResult({ outcome: 'applied', sentAt: at('03.100'), endedAt: at('05.000') });
  const rollback = pushResult({ outcome: 'restored', sentAt: at('08.000'), endedAt: at('09.000') });
  const probe = probeResult({ attempt: 2 });
  const noLook = probeResult({ attempt: 0, verdict: 'retry' });

  test.each<[string, DeploymentOutcome, Partial<Phases>, object]>([
    ['was verified', 'deployed', { push, probe }, { pushMs: 2000, verifyMs: 5000 }],
    ['nobody looked at', 'deployed_unverified', { push, probe: noLook }, { pushMs: 2000 }],
    [
      'was rolled back',
      'rolled_back',
      { push, probe, rollback },
      { pushMs: 2000, verifyMs: 3000, rollbackMs: 2000 },
    ],
    [
      'could not be put back',
      'rollback_failed',
      { push, probe, rollback },
      { pushMs: 2000, verifyMs: 3000, rollbackMs: 2000 },
    ],
    ['has no known end of its verification', 'rollback_failed', { push, probe }, { pushMs: 2000 }],
    ['was refused before anything was sent', 'rejected', { push: pushResult({ outcome: 'rejected' }) }, {}],
    ['never came to one', 'rejected', {}, {}],
  ])(
    'The phases of a deployment are measured as far as they are known: one that %s',
    (_, outcome, phases, known) => {
      const recorded = ended(rawRequest(), {
        ending: { ...ending, outcome },
        phases: { ...noPhases, ...phases },
      });

      expect(recorded).toEqual({ lockWaitMs: 63_000, totalMs: 70_000, ...known });
    },
  );
});
