import { beforeEach, describe, expect, test } from 'vitest';
import { Verify } from '../../core/targets/verify.ts';
import { createHandler as judgeWave } from '../../lambdas/handlers/rollout/judge-wave.ts';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { collectWaves } from '../../lambdas/rollout/collect-waves.ts';
import type { JudgedWave } from '../../services/rollouts/wave-files.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { fingerprint } from '../fixtures/factories.ts';
import {
  aBegunState,
  aResult,
  execution,
  idOf,
  install,
  rolloutId,
  withFleet,
} from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type State = ReturnType<typeof aBegunState>;
const judge = (state: State) => judgeWave(by)({ execution, state });

/** A first wave of all ten targets, whose deployments ended so. */
async function deployed(outcomes: readonly string[], parts: Parameters<typeof aBegunState>[1] = {}) {
  withFleet(by, outcomes.length);
  const strategy = { waves: ['100%'], ...parts.strategy };
  const state = await nextWave(by)({ execution, state: aBegunState(by, { ...parts, strategy }) });
  const results = outcomes.map((outcome, at) => aResult(idOf(at), outcome));
  return { ...state, deployed: by.files.ended(results) };
}

const serviceEndpoints = [Verify.parse({ endpoint: 'lb.example.com:443' })];

describe('JudgeWave', () => {
  test('JudgeWave continues when all deployments succeeded, and keeps their results', async () => {
    const { judgement } = await judge(
      await deployed(['deployed', 'unchanged', 'superseded', 'deployed_unverified']),
    );

    expect(judgement).toEqual({
      verdict: 'next',
      attempt: 0,
      waitSeconds: 0,
      sinceWave: 0,
      failed: 0,
      tolerated: 0,
      summary: 'wave 1: 4 of 4 succeeded',
      reason: null,
    });
    expect(by.files.judgedWaves.get(`${rolloutId}/1`)?.results).toHaveLength(4);
  });

  test('JudgeWave halts when more failed than is tolerated, and names them', async () => {
    const { judgement } = await judge(await deployed(['deployed', 'rolled_back', 'lost']));

    expect(judgement).toMatchObject({ verdict: 'halt', reason: 'TooManyFailures', failed: 2, tolerated: 0 });
    expect(judgement.summary).toBe(
      'wave 1: 1 of 3 succeeded; web-001 rolled_back, web-002 lost; 2 failed, 0 tolerated',
    );
  });

  test('JudgeWave continues while failures are tolerated', async () => {
    const strategy = { toleratedFailures: '50%' as const };

    expect((await judge(await deployed(['deployed', 'lost'], { strategy }))).judgement).toMatchObject({
      verdict: 'next',
      failed: 1,
      tolerated: 1,
    });
  });

  test('JudgeWave counts a deployment without a result as lost', async () => {
    const state = await deployed(['deployed', 'deployed']);

    const { judgement } = await judge({ ...state, deployed: by.files.ended([aResult(idOf(0), 'deployed')]) });

    expect(judgement).toMatchObject({ verdict: 'halt', failed: 1 });
  });

  test('JudgeWave counts failures of all waves since the rollout was resumed', async () => {
    const results = [aResult('x', 'lost')];
    await by.files.writeJudged(rolloutId, { number: 1, direction: 'forward', results });
    await by.files.writeJudged(rolloutId, { number: 2, direction: 'forward', results: [] });
    const strategy = { toleratedFailures: 1 };
    const state = await deployed(['deployed'], { strategy, wave: { number: 2 } });

    const resumed = { ...state, judgement: { ...state.judgement, sinceWave: 1 } };

    expect((await judge(state)).judgement.failed).toBe(1);
    expect((await judge(resumed)).judgement.failed).toBe(0);
  });

  test('JudgeWave halts when deployments had no turn: the rollout was halted meanwhile', async () => {
    const state = await deployed(['deployed', 'skipped']);
    Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { reason: 'ops said so' });

    expect((await judge(state)).judgement).toMatchObject({
      verdict: 'halt',
      reason: 'RolloutHalted',
      failed: 0,
      summary: 'wave 1: 1 of 2 succeeded; 1 skipped: ops said so',
    });
  });

  test('JudgeWave goes to NextWave when a newer rollout has begun, whatever failed', async () => {
    const state = await deployed(['superseded', 'lost'], { rollout: { serviceEndpoints } });
    Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { supersededBy: 'r-2' });

    expect((await judge(state)).judgement.verdict).toBe('next');
  });

  test('JudgeWave has the services probed, if there are any', async () => {
    const state = await deployed(['deployed'], { rollout: { serviceEndpoints }, judgement: { attempt: 4 } });

    expect((await judge(state)).judgement).toMatchObject({ verdict: 'probe_services', attempt: 0 });
  });

  test.each([
    [{ pauseSeconds: 60 }, 'pause'],
    [{ approvalAfterWave: 1, pauseSeconds: 60 }, 'ask_approval'],
  ])('JudgeWave with %j continues with %s while targets are left', async (strategy, verdict) => {
    withFleet(by, 5);
    const given = aBegunState(by, { strategy });
    const state = await nextWave(by)({ execution, state: given });

    const judged = await judge({ ...state, deployed: by.files.ended([aResult(idOf(0), 'deployed')]) });

    expect(judged.judgement.verdict).toBe(verdict);
  });

  test('JudgeWave halts when the Map itself failed, and keeps what its deployments recorded', async () => {
    const state = await deployed(['deployed', 'deployed', 'deployed']);
    install(by, idOf(0), 'new', { rollout: rolloutId });
    install(by, idOf(1), null, { rollout: rolloutId, outcome: 'lost' });

    const judged = await judge({
      ...state,
      deployed: null,
      failure: { Error: 'States.ItemReaderFailed', Cause: 'access denied' },
    });

    expect(judged).toMatchObject({
      failure: null,
      judgement: {
        verdict: 'halt',
        reason: 'States.ItemReaderFailed',
        summary: 'wave 1 was interrupted: States.ItemReaderFailed: access denied',
      },
    });
    expect(by.files.judgedWaves.get(`${rolloutId}/1`)?.results.map(({ outcome }) => outcome)).toEqual([
      'deployed',
      'lost',
      'PENDING',
    ]);
  });

  const mapFailed = { deployed: null, failure: { Error: 'States.ItemReaderFailed', Cause: 'access denied' } };
  const outcomesOf = (waves: readonly JudgedWave[]) =>
    waves.map(({ results }) => results.map(({ outcome }) => outcome));

  test('JudgeWave takes a deployment that had begun for lost when the Map failed under it', async () => {
    const state = await deployed(['deployed', 'deployed']);
    install(by, idOf(0), 'old');
    by.installed.wants.set(idOf(0), fingerprint('new'));

    await judge({ ...state, ...mapFailed });

    expect(outcomesOf([...by.files.judgedWaves.values()])).toEqual([['lost', 'PENDING']]);
  });

  test('JudgeWave of a Map that failed does not stand for what its deployments record later', async () => {
    const state = await deployed(['deployed', 'deployed']);
    const seen = () => collectWaves(state, by);
    await judge({ ...state, ...mapFailed });
    const before = await seen();

    install(by, idOf(0), 'new', { rollout: rolloutId });

    expect(outcomesOf(before)).toEqual([['PENDING', 'PENDING']]);
    expect(outcomesOf(await seen())).toEqual([['deployed', 'PENDING']]);
  });

  test('JudgeWave always continues a rollback', async () => {
    const state = await deployed(['lost', 'deployed'], { strategy: { pauseSeconds: 60 } });

    const judged = await judge({ ...state, wave: { ...state.wave, direction: 'rollback' } });

    expect(judged.judgement).toMatchObject({ verdict: 'next', failed: 0 });
    expect(judged.judgement.summary).toBe('wave 1: 1 of 2 rolled back; web-000 lost');
  });

  test('JudgeWave answers the same when it is called again', async () => {
    const state = await deployed(['deployed', 'lost']);

    expect(await judge(state)).toEqual(await judge(state));
  });
});
