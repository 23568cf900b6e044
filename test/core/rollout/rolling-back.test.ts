import { describe, expect, test } from 'vitest';
import type { EndedWave } from '../../../core/rollout/deployment-results.ts';
import { planRollback } from '../../../core/rollout/plan-rollback.ts';
import { back, forward, result } from './ended-waves.ts';

describe('a rollback', () => {
  const [theNew, theOld] = ['sha256:new', 'sha256:old'];
  const plan = (waves: EndedWave[], installed: Record<string, string | null> = {}, sinceWave = 0) =>
    planRollback({
      waves,
      sinceWave,
      fingerprint: theNew,
      installed: (id) => installed[id] ?? null,
      isLost: () => false,
    });
  const waves = [
    forward(1, result('a', 'deployed')),
    forward(
      2,
      result('b', 'deployed'),
      result('c', 'unchanged'),
      result('d', 'rolled_back'),
      result('e', 'deployed_unverified'),
    ),
  ];
  const installed = { a: theNew, b: theNew, c: theNew, d: theOld, e: theNew };

  test('A rollback begins with the newest wave, its last target first, and only with changed targets', () => {
    expect(plan(waves, installed)).toEqual({ verdict: 'deploy', ofWave: 2, targetIds: ['e', 'b'] });
  });

  test('A rollback continues with the wave before', () => {
    const so = [...waves, back(3, result('e', 'deployed'), result('b', 'deployed'))];

    expect(plan(so, { ...installed, b: theOld, e: theOld })).toEqual({
      verdict: 'deploy',
      ofWave: 1,
      targetIds: ['a'],
    });
  });

  test('A rollback is complete when every target has its previous version', () => {
    const so = [
      ...waves,
      back(3, result('e', 'deployed'), result('b', 'deployed')),
      back(4, result('a', 'deployed')),
    ];

    expect(plan(so, { ...installed, a: theOld, b: theOld, e: theOld })).toEqual({ verdict: 'rolled_back' });
  });

  test('A rollback is complete at once when nothing was changed', () => {
    expect(plan([forward(1, result('a', 'rejected'))], { a: theOld })).toEqual({ verdict: 'rolled_back' });
    expect(plan([])).toEqual({ verdict: 'rolled_back' });
  });

  test('A rollback does not touch a target that was deployed to since', () => {
    expect(plan([forward(1, result('a', 'deployed'))], { a: 'sha256:newer' })).toEqual({
      verdict: 'rolled_back',
    });
  });

  test.each(['skipped', 'lost', 'rolled_back', 'superseded'])(
    'A rollback is incomplete where it ended as %s, and is not attempted twice',
    (outcome) => {
      const so = [forward(1, result('a', 'deployed')), back(2, result('a', outcome))];

      expect(plan(so, { a: theNew })).toEqual({ verdict: 'rollback_incomplete', targetIds: ['a'] });
    },
  );

  test('A rollback does not touch what a later request has settled', () => {
    const so = [forward(1, result('a', 'deployed')), back(2, result('a', 'superseded'))];

    expect(plan(so, { a: 'sha256:newer' })).toEqual({ verdict: 'rolled_back' });
  });

  test('A rollback retries what failed before an operator resumed it', () => {
    const so = [forward(1, result('a', 'deployed')), back(2, result('a', 'lock_unavailable', 'FAILED'))];

    expect(plan(so, { a: theNew }, 2)).toEqual({ verdict: 'deploy', ofWave: 1, targetIds: ['a'] });
  });

  test.each(['lost', 'rollback_failed', 'States.Timeout'])(
    'A rollback does not touch a target that ended as %s, and is incomplete',
    (outcome) => {
      const so = [forward(1, result('a', outcome))];

      expect(plan(so, {})).toEqual({ verdict: 'rollback_incomplete', targetIds: ['a'] });
      expect(plan(so, { a: theNew })).toEqual({ verdict: 'rollback_incomplete', targetIds: ['a'] });
      expect(plan(so, { a: theOld })).toEqual({ verdict: 'rolled_back' });
    },
  );

  test('A rollback is incomplete where an attempt installed the version, although the next attempt was rolled back', () => {
    const so = [forward(1, result('a', 'rollback_failed')), forward(2, result('a', 'rolled_back'))];

    expect(plan(so, { a: theNew })).toEqual({ verdict: 'rollback_incomplete', targetIds: ['a'] });
    expect(plan(so, { a: theOld })).toEqual({ verdict: 'rolled_back' });
  });

  test('A rollback uses the last deployment of a target that was not skipped', () => {
    const so = [
      forward(1, result('a', 'lost')),
      forward(2, result('a', 'deployed')),
      forward(3, result('a', 'skipped')),
    ];

    expect(plan(so, { a: theNew })).toEqual({ verdict: 'deploy', ofWave: 2, targetIds: ['a'] });
  });
});

test('A rollback includes a lost deployment whose version was found on the host, and not a version that was there before', () => {
  const waves = [
    forward(1, result('a', 'lost'), result('b', 'rejected')),
    forward(2, result('a', 'unchanged'), result('b', 'unchanged')),
  ];

  const plan = planRollback({
    waves,
    sinceWave: 1,
    fingerprint: 'sha256:new',
    installed: () => 'sha256:new',
    isLost: () => false,
  });

  expect(plan).toEqual({ verdict: 'deploy', ofWave: 2, targetIds: ['a'] });
});
