import { describe, expect, test } from 'vitest';
import type { AgentLine } from '../../../core/deployment/agent-line.ts';
import { Strategy } from '../../../core/registry/strategy.ts';
import { countOutcomes } from '../../../core/rollout/count-outcomes.ts';
import { decideNextStep, mustServeNewVersion } from '../../../core/rollout/decide-next-step.ts';
import { attemptedTargets, type Result } from '../../../core/rollout/deployment-results.ts';
import { judgeServices } from '../../../core/rollout/judge-services.ts';
import { judgeWave } from '../../../core/rollout/judge-wave.ts';
import { planRollback } from '../../../core/rollout/plan-rollback.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { fakeRolloutServices } from '../../fakes/rollout-services.ts';
import { aBegunState } from '../../fixtures/rollout-state.ts';
import { back, forward, result } from './ended-waves.ts';

describe('a host that is gone', () => {
  const gone = result('b', 'gone');

  test('A host that is gone does not halt a rollout that tolerates no failure, and the wave reports it', () => {
    const by = fakeRolloutServices();
    const state = aBegunState(by, { wave: { number: 1, count: 3, total: 3 } });
    const control = { failures: 0, reason: null, supersededBy: null };

    const judgement = judgeWave({ state, waves: [forward(1, result('a', 'deployed'), gone, gone)], control });

    expect(judgement).toMatchObject({ verdict: 'next', failed: 0, tolerated: 0 });
    expect(judgement.summary).toBe('wave 1: 1 of 3 succeeded, 2 gone');
  });

  test('A host that is gone gets another attempt if it comes back, and no fourth one', () => {
    const times = (count: number) => Array.from({ length: count }, (_, at) => forward(at + 1, gone));

    expect(attemptedTargets(times(2), 0)).toEqual(new Set());
    expect(attemptedTargets(times(3), 0)).toEqual(new Set(['b']));
    expect(attemptedTargets([...times(1), forward(2, result('b', 'deployed'))], 0)).toEqual(new Set(['b']));
  });

  test.each([
    ['before its deployment', [forward(1, gone)]],
    ['after its deployment', [forward(1, result('b', 'deployed')), back(2, gone)]],
  ])(
    'A host that is gone %s does not make a rollback incomplete, whatever the registry contains',
    (_, waves) => {
      for (const version of [null, 'new', 'old']) {
        const situation = {
          waves,
          sinceWave: 0,
          fingerprint: 'new',
          installed: () => version,
          isLost: () => true,
        };
        expect(planRollback(situation)).toEqual({ verdict: 'rolled_back' });
      }
    },
  );

  test('A host that is gone counts as gone, also if it was to be rolled back', () => {
    expect(countOutcomes([forward(1, result('a', 'deployed'), gone)])).toEqual({
      counts: { deployed: 1, gone: 1 },
      failed: 0,
    });
    expect(countOutcomes([forward(1, result('b', 'deployed')), back(2, gone)])).toEqual({
      counts: { gone: 1 },
      failed: 0,
    });
  });
});

describe('a deployment that could not be probed', () => {
  const unprobed = result('b', 'deployed_unprobed', 'FAILED');
  const judged = (toleratedFailures: number, ...results: Result[]) =>
    judgeWave({
      state: aBegunState(fakeRolloutServices(), {
        wave: { number: 1, count: 2, total: 3 },
        strategy: { toleratedFailures },
      }),
      waves: [forward(1, ...results)],
      control: { failures: 0, reason: null, supersededBy: null },
    });

  test('A rollout with more deployments that could not be probed than tolerated halts, and counts no failure', () => {
    expect(judged(0, result('a', 'deployed'), unprobed)).toMatchObject({
      ...{ verdict: 'halt', reason: 'TooManyUnprobed', failed: 0 },
      summary: 'wave 1: 1 of 2 succeeded; b deployed_unprobed; 1 could not be probed, 0 tolerated',
    });
  });

  test('A rollout continues while its deployments that could not be probed are tolerated', () => {
    expect(judged(1, result('a', 'deployed'), unprobed)).toMatchObject({ verdict: 'next', failed: 0 });
  });

  test('A rollback that could not be probed is incomplete', () => {
    const waves = [forward(1, result('b', 'deployed')), back(2, unprobed)];
    const situation = {
      waves,
      sinceWave: 0,
      fingerprint: 'new',
      installed: () => 'old',
      isLost: () => false,
    };

    expect(planRollback(situation)).toEqual({ verdict: 'rollback_incomplete', targetIds: ['b'] });
  });
});

describe('after a wave that went well', () => {
  const goesOn = (strategy: object, wave: object, approval: 'approved' | 'rejected' | null = null) =>
    decideNextStep({
      rollout: { strategy: Strategy.parse(strategy) },
      wave: { reached: 0, count: 1, total: 200, ...wave },
      approval: approval === null ? null : { verdict: approval, by: 'ops' },
    });

  test.each([
    ['the next one comes', {}, {}, 'next'],
    ['there is a pause, if the strategy has one', { pauseSeconds: 60 }, {}, 'pause'],
    ['a person is asked, if it is the one', { approvalAfterWave: 1, pauseSeconds: 60 }, {}, 'ask_approval'],
    ['nobody is asked before it', { approvalAfterWave: 2 }, {}, 'next'],
    [
      'nobody is asked while it is only part of the one',
      { approvalAfterWave: 2 },
      { reached: 1, count: 18 },
      'next',
    ],
    [
      'a person is asked when it completes the one',
      { approvalAfterWave: 2 },
      { reached: 19 },
      'ask_approval',
    ],
    [
      'a person is asked when the one was reached with it',
      { approvalAfterWave: 2 },
      { total: 5 },
      'ask_approval',
    ],
    [
      'there is neither question nor pause when nobody is left',
      { approvalAfterWave: 1, pauseSeconds: 60 },
      { total: 1 },
      'next',
    ],
    ['nobody is asked after a wave that the strategy lacks', { approvalAfterWave: 7 }, {}, 'next'],
  ])('%s', (_, strategy, wave, verdict) => {
    expect(goesOn(strategy, wave)).toBe(verdict);
  });

  test('No approval is requested twice', () => {
    expect(goesOn({ approvalAfterWave: 1, pauseSeconds: 60 }, { reached: 1 }, 'approved')).toBe('pause');
  });
});

describe('whether services have to serve the new version alone', () => {
  const decisive = (
    only: { targets: string[] } | null,
    wave: { reached: number; count: number; total: number },
  ) => mustServeNewVersion({ rollout: { only }, wave } as Parameters<typeof mustServeNewVersion>[0]);

  test('Whether services have to serve the new version alone is so after the last wave to all', () => {
    expect(decisive(null, { reached: 20, count: 180, total: 200 })).toBe(true);
    expect(decisive(null, { reached: 1, count: 19, total: 200 })).toBe(false);
    expect(decisive({ targets: ['web'] }, { reached: 0, count: 1, total: 1 })).toBe(false);
  });
});

describe('attempted targets', () => {
  test('Targets that had their turn are those of forward waves, but not the skipped ones', () => {
    const waves = [
      forward(
        1,
        result('a', 'deployed'),
        result('b', 'lost'),
        result('c', 'skipped'),
        result('d', 'PENDING', 'PENDING'),
      ),
      back(2, result('e', 'deployed')),
    ];

    expect([...attemptedTargets(waves, 0)]).toEqual(['a', 'b']);
  });

  test('Targets that had their turn are those that went well, once the rollout was resumed', () => {
    const waves = [
      forward(1, result('a', 'deployed'), result('b', 'lost')),
      forward(2, result('c', 'rejected')),
    ];

    expect([...attemptedTargets(waves, 1)]).toEqual(['a', 'c']);
  });
});

describe('the tally', () => {
  test('The counts of outcomes contain each target once, by its last deployment, and rolled back targets as such', () => {
    const waves = [
      forward(1, result('a', 'deployed'), result('b', 'lost')),
      forward(2, result('b', 'deployed'), result('c', 'rejected'), result('d', 'skipped')),
      forward(3, result('c', 'skipped'), result('e', 'deployed')),
      back(4, result('a', 'deployed'), result('e', 'lost')),
    ];

    expect(countOutcomes(waves)).toEqual({
      counts: { returned: 1, deployed: 1, rejected: 1, skipped: 1, not_returned: 1 },
      failed: 1,
    });
  });

  test('The counts of outcomes contain a target as deployed if another deployment reached it before the rollback', () => {
    const waves = [forward(1, result('a', 'deployed')), back(2, result('a', 'superseded'))];

    expect(countOutcomes(waves).counts).toEqual({ deployed: 1 });
  });
});

describe('the probes of the services', () => {
  type Observation = NonNullable<AgentLine['observations']>[number];
  const seen = (address: string, problem: string | null): Observation => ({
    address,
    fingerprint: 'sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0',
    ok: problem === null,
    problem,
  });
  const look = (attempts: number, ...observations: Observation[]) => ({
    verify: Verify.parse({ endpoint: 'lb.example.com:443', attempts, initialBackoffSeconds: 2 }),
    observations,
  });

  test('The services are right when every address of every service is', () => {
    expect(
      judgeServices([look(3, seen('1', null), seen('2', null)), look(3, seen('3', null))], 1),
    ).toMatchObject({
      verdict: 'right',
      waitSeconds: 0,
    });
  });

  test('The probes of the services back off while attempts are left, for the longest of their waits', () => {
    const looks = [look(3, seen('1', null), seen('2', 'stale')), look(9, seen('3', 'stale'))];

    expect(judgeServices(looks, 1)).toMatchObject({ verdict: 'back_off', waitSeconds: 2 });
    expect(judgeServices(looks, 2)).toMatchObject({ verdict: 'back_off', waitSeconds: 4 });
  });

  test('A service that is wrong after its last attempt is stale', () => {
    const view = judgeServices([look(2, seen('1', 'serves another')), look(9, seen('2', 'stale'))], 2);

    expect(view).toMatchObject({ verdict: 'stale', waitSeconds: 0 });
    expect(view.summary).toContain('serves another');
  });
});
