import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as endRollout } from '../../lambdas/handlers/rollout/end-rollout.ts';
import type { WaveResult } from '../../services/rollouts/wave-files.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { fingerprint } from '../fixtures/factories.ts';
import { aBegunState, aResult, certificateName, execution, rolloutId } from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type Parts = Parameters<typeof aBegunState>[1];
const request = { certificate: certificateName };
const control = () => by.rollouts.controls.get(rolloutId);

/** The recording state of a rollout after one wave, whose deployments ended so. */
async function end(
  path: 'finished' | 'superseded' | 'rolled_back' | 'rollback_incomplete',
  results: WaveResult[],
  parts: Parts = {},
) {
  await by.files.writeJudged(rolloutId, { number: 1, direction: 'forward', results });
  const wave = { number: 1, total: 3, summary: 'all 3 targets reached', ...parts.wave };
  const state = aBegunState(by, { ...parts, wave });
  return endRollout(by)({ path, execution, request, state });
}

const well = [aResult('a', 'deployed'), aResult('b', 'unchanged'), aResult('c', 'deployed')];

describe('the recording states of a rollout', () => {
  test('The recording states of a rollout write how it ended, and make its version the current one', async () => {
    const recorded = await end('finished', well);

    expect(recorded).toEqual({
      rolloutId,
      certificate: certificateName,
      fingerprint: fingerprint('new'),
      outcome: 'finished',
      summary: 'all 3 targets reached',
      reason: null,
      total: 3,
      waves: 1,
      counts: { deployed: 2, unchanged: 1 },
    });
    expect(control()).toMatchObject({ status: 'ended', outcome: 'finished' });
    expect(by.rollouts.closed).toEqual([]);
    expect(by.catalogue.current.get(certificateName)).toMatchObject({
      version: { fingerprint: fingerprint('new') },
      sequence: 1,
    });
    expect(by.counted).toEqual(['finished']);
    expect(by.sentMessages[0]).toMatchObject({ subject: 'api.example.com: rolled out' });
    expect(by.sentMessages[0]?.text).toContain('Targets: 2 deployed, 1 unchanged');
  });

  test('The recording states of a rollout answer the same when they are called again', async () => {
    expect(await end('finished', well)).toEqual(await end('finished', well));
  });

  test('The recording states of a rollout record that some deployments failed', async () => {
    const recorded = await end('finished', [aResult('a', 'deployed'), aResult('b', 'lost')], {
      wave: { refused: 1 },
    });

    expect(recorded).toMatchObject({
      outcome: 'finished_with_failures',
      counts: { deployed: 1, lost: 1, rejected: 1 },
      summary: 'all 3 targets reached; b lost',
    });
    expect(by.sentMessages[0]?.text).toContain(
      `b lost\nTargets: 1 deployed, 1 lost, 1 rejected\n\nAfter you have fixed the cause`,
    );
    expect(by.catalogue.current.has(certificateName)).toBe(true);
  });

  test.each<[string, WaveResult[], Parts]>([
    ['of a part', well, { rollout: { only: { targets: ['a'] } } }],
    ['that failed everywhere', ['a', 'b', 'c'].map((id) => aResult(id, 'lost')), {}],
  ])(
    'The recording states of a rollout leave the current version alone after one %s',
    async (_, results, parts) => {
      await end('finished', results, parts);

      expect(by.catalogue.current.size).toBe(0);
    },
  );

  test('The recording states of a rollout make a version current that has no targets yet, so that new hosts get it', async () => {
    await end('finished', [], { wave: { total: 0 } });

    expect(by.catalogue.current.has(certificateName)).toBe(true);
  });

  test.each(['superseded', 'rolled_back', 'rollback_incomplete'] as const)(
    'The recording states of a rollout write that it was %s',
    async (path) => {
      const halt = {
        verdict: 'rollback',
        reason: 'TooManyFailures',
        summary: '2 failed',
        redriveCount: 0,
      } as const;
      await by.files.writeJudged(rolloutId, {
        number: 2,
        direction: 'rollback',
        results: [aResult('a', 'deployed')],
      });

      const recorded = await end(path, well, { wave: { number: 2, summary: 'over' }, halt });

      expect(recorded).toMatchObject({
        outcome: path,
        reason: 'TooManyFailures',
        summary: path === 'superseded' ? 'over' : 'over (2 failed)',
        counts: { returned: 1, unchanged: 1, deployed: 1 },
      });
      expect(control()).toMatchObject({ status: 'ended', outcome: path });
      expect(by.catalogue.current.size).toBe(0);
    },
  );

  test('The recording states of a rollout request manual action when a rollback is incomplete', async () => {
    await end('rollback_incomplete', well, { wave: { summary: 'not rolled back, or state unknown: a' } });

    expect(by.sentMessages[0]?.subject).toBe('Manual action required: rollback incomplete: api.example.com');
    expect(by.sentMessages[0]?.text).toContain('not rolled back, or state unknown: a');
  });

  test.each([
    ['refused', 'NoTargets', 1],
    ['already_rolled_out', 'RolloutExists', 0],
    ['superseded', 'Superseded', 1],
  ] as const)(
    'The recording states of a rollout write that a rollout that never began was %s',
    async (path, name, messages) => {
      const failure = { Error: name, Cause: JSON.stringify({ errorMessage: 'why' }) };

      const recorded = await endRollout(by)({ path, execution, request, state: { ...request, failure } });

      expect(recorded).toEqual({
        rolloutId,
        certificate: certificateName,
        fingerprint: null,
        outcome: path,
        summary: `${name}: why`,
        reason: name,
        total: 0,
        waves: 0,
        counts: {},
      });
      expect(by.sentMessages).toHaveLength(messages);
      expect(by.rollouts.closed).toEqual([rolloutId]);
    },
  );

  test('The recording states of a rollout write which version it is that was rolled out before', async () => {
    by.rollouts.existingRollouts.set(rolloutId, { rolloutId: 'earlier', fingerprint: fingerprint('new') });
    const failure = { Error: 'RolloutExists', Cause: JSON.stringify({ errorMessage: 'why' }) };

    const recorded = await endRollout(by)({
      ...{ path: 'already_rolled_out', execution, request },
      state: { ...request, failure },
    });

    expect(recorded).toMatchObject({ fingerprint: fingerprint('new'), summary: 'RolloutExists: why' });
  });

  test('The recording states of a rollout write that a rollout was refused of which nothing can be read', async () => {
    const recorded = await endRollout(by)({ path: 'refused', execution, request: 'x', state: 'x' });

    expect(recorded).toMatchObject({ outcome: 'refused', certificate: '', reason: 'States.Runtime' });
  });
});

describe('RolloutHalted', () => {
  const halt = { verdict: 'stop', reason: 'TooManyFailures', summary: '2 failed', redriveCount: 0 } as const;
  const enter = (parts: Parts, redriveCount: number, status = 'halted') => {
    const known = control();
    const state = aBegunState(by, parts);
    Object.assign(control() ?? {}, { status }, known);
    return endRollout(by)({ path: 'halted', execution, request, redriveCount, state });
  };

  test('RolloutHalted records the halt, notifies how to resume, and fails', async () => {
    const entered = enter({ halt }, 0);

    await expect(entered).rejects.toMatchObject({ name: 'RolloutHalted' });
    await expect(entered).rejects.toThrow(
      'TooManyFailures: 2 failed. After you have fixed the cause, resume the rollout: certferry rollout --stack Certferry --region eu-west-1 --resume r-1',
    );
    expect(control()).toMatchObject({ status: 'halted', outcome: 'halted' });
    expect(by.sentMessages[0]?.text).toContain(
      'certferry rollout --stack Certferry --region eu-west-1 --resume r-1',
    );
    expect(by.counted).toEqual(['halted']);
  });

  test('RolloutHalted continues after a redrive: failures count from zero, and failed deployments are retried', async () => {
    const state = await enter(
      { halt, wave: { number: 3 }, judgement: { verdict: 'halt', failed: 2, reason: 'TooManyFailures' } },
      1,
    );

    expect(state).toMatchObject({
      halt: null,
      failure: null,
      deployed: null,
      approval: null,
      judgement: { verdict: 'next', failed: 0, sinceWave: 3, reason: null, attempt: 0 },
    });
    expect(control()).toMatchObject({ status: 'running', redriveCount: 1 });
    expect(by.sentMessages).toEqual([]);
  });

  test('RolloutHalted continues again when the answer of a redrive was lost', async () => {
    const first = await enter({ halt }, 1);

    expect(await enter({ halt }, 1)).toEqual(first);
    expect(control()).toMatchObject({ status: 'running', redriveCount: 1 });
  });

  test('RolloutHalted reports after a stale service that the nodes are right', async () => {
    const halt = { verdict: 'stop', reason: 'ServiceStale', summary: 'lb serves another', redriveCount: 0 };

    await expect(enter({ halt } as Parts, 0)).rejects.toThrow('ServiceStale: lb serves another');

    expect(by.sentMessages[0]?.text).toContain('No target is rolled back for this');
  });

  test('RolloutHalted starts a requested rollback after a redrive, however often it is called', async () => {
    aBegunState(by, {});
    Object.assign(control() ?? {}, { status: 'halted', outcome: 'halted', rollbackRequested: true });

    const state = await enter({ halt, wave: { number: 3 } }, 1);

    expect(state).toMatchObject({
      wave: { direction: 'rollback' },
      halt: { verdict: 'rollback', reason: 'TooManyFailures', redriveCount: 1 },
    });
    expect(control()).toMatchObject({ status: 'rolling_back' });
    expect(by.sentMessages[0]).toMatchObject({ subject: 'api.example.com: rollout halted, rolling back' });
    expect(await enter({ halt, wave: { number: 3 } }, 1)).toEqual(state);
  });

  test('RolloutHalted starts a rollback instead of failing if it was requested after HaltRollout had decided', async () => {
    aBegunState(by, {});
    Object.assign(control() ?? {}, { status: 'halted', rollbackRequested: true });

    const state = await enter({ halt }, 0);

    expect(state).toMatchObject({ wave: { direction: 'rollback' }, halt: { verdict: 'rollback' } });
    expect(await enter({ halt }, 0)).toEqual(state);
    expect(control()).toMatchObject({ status: 'rolling_back', outcome: null });
    expect(by.counted).toEqual([]);
  });

  test('RolloutHalted stays halted during a rollback, although an operator requests one', async () => {
    aBegunState(by, {});
    Object.assign(control() ?? {}, { status: 'rolling_back', rollbackRequested: true });

    const entered = enter({ halt, wave: { direction: 'rollback', number: 5 } }, 0);

    await expect(entered).rejects.toMatchObject({ name: 'RolloutHalted' });
  });

  test('RolloutHalted is not resumed by a redrive that came before it halted', async () => {
    await expect(enter({ halt: { ...halt, redriveCount: 1 } }, 1)).rejects.toMatchObject({
      name: 'RolloutHalted',
    });
  });

  test('RolloutHalted treats a waiting approval request as decided when an operator resumes', async () => {
    const asked = { halt, judgement: { verdict: 'ask_approval' as const } };

    expect(await enter({ ...asked, approval: { verdict: 'rejected', by: 'ops' } }, 1)).toMatchObject({
      approval: { verdict: 'approved', by: 'the operator who resumed the rollout' },
    });
  });

  test('RolloutHalted continues the rollback in which it halted', async () => {
    const state = await enter({ halt, wave: { direction: 'rollback', number: 5 } }, 1);

    expect(state).toMatchObject({ wave: { direction: 'rollback' }, halt: { redriveCount: 1 } });
    expect(control()).toMatchObject({ status: 'rolling_back' });
  });

  test('RolloutHalted records and resumes where HaltRollout could not leave a note', async () => {
    const parts = { failure: { Error: 'States.TaskFailed', Cause: '' } };

    await expect(enter(parts, 0, 'running')).rejects.toThrow('States.TaskFailed');
    expect(control()).toMatchObject({ status: 'halted' });
    await expect(enter(parts, 0)).rejects.toMatchObject({ name: 'RolloutHalted' });
    expect(await enter(parts, 1)).toMatchObject({ judgement: { verdict: 'next' } });
  });
});
