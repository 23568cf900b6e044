import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as haltRollout } from '../../lambdas/handlers/rollout/halt-rollout.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aBegunState, execution, rolloutId } from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type Parts = Parameters<typeof aBegunState>[1];
const halt = (parts: Parts, control: object = {}) => {
  const state = aBegunState(by, parts);
  Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, control);
  return haltRollout(by)({ execution, state, redriveCount: 2 });
};
const control = () => by.rollouts.controls.get(rolloutId);
const tooMany = { verdict: 'halt', reason: 'TooManyFailures', summary: '2 failed, 0 tolerated' } as const;

describe('HaltRollout', () => {
  test('HaltRollout lets no further deployment begin, and stops where it is', async () => {
    const state = await halt({ judgement: tooMany });

    expect(state.halt).toEqual({
      verdict: 'stop',
      reason: 'TooManyFailures',
      summary: '2 failed, 0 tolerated',
      redriveCount: 2,
    });
    expect(state.wave.direction).toBe('forward');
    expect(control()).toMatchObject({ status: 'halted', reason: 'TooManyFailures: 2 failed, 0 tolerated' });
    expect(by.sentMessages).toEqual([]);
  });

  test('HaltRollout starts a rollback and notifies operators if the strategy requires it', async () => {
    const state = await halt({ judgement: tooMany, strategy: { onHalt: 'rollback' } });

    expect(state).toMatchObject({ halt: { verdict: 'rollback' }, wave: { direction: 'rollback' } });
    expect(control()).toMatchObject({ status: 'rolling_back' });
    expect(by.sentMessages[0]).toMatchObject({ subject: 'api.example.com: rollout halted, rolling back' });
  });

  test('HaltRollout starts a rollback that an operator has requested', async () => {
    const state = await halt(
      { wave: { verdict: 'halted' } },
      { status: 'halted', rollbackRequested: true, reason: 'ops' },
    );

    expect(state.halt).toMatchObject({ verdict: 'rollback', reason: 'RolloutHalted', summary: 'ops' });
  });

  test.each<[string, Parts]>([
    [
      'a service is stale',
      { judgement: { verdict: 'halt', reason: 'ServiceStale', summary: 'lb serves another' } },
    ],
    [
      'too many deployments could not be probed',
      { judgement: { verdict: 'halt', reason: 'TooManyUnprobed', summary: '3 could not be probed' } },
    ],
    [
      'the look at the services failed for good',
      { judgement: { verdict: 'probe_services' }, failure: { Error: 'States.Timeout', Cause: '' } },
    ],
    [
      'a later look at them failed for good',
      { judgement: { verdict: 'back_off' }, failure: { Error: 'Lambda.Unknown', Cause: '' } },
    ],
  ])('HaltRollout never rolls back nodes that are right because %s', async (_, parts) => {
    const state = await halt({ ...parts, strategy: { onHalt: 'rollback' } });

    expect(state).toMatchObject({ halt: { verdict: 'stop' }, wave: { direction: 'forward' } });
    expect(control()).toMatchObject({ status: 'halted' });
    expect(by.sentMessages).toEqual([]);
  });

  test('HaltRollout also rolls back after a stale service if an operator has requested it', async () => {
    const stale = { verdict: 'halt', reason: 'ServiceStale', summary: 'lb serves another' } as const;
    const state = await halt(
      { judgement: stale },
      { status: 'halted', rollbackRequested: true, reason: 'ops' },
    );

    expect(state).toMatchObject({ halt: { verdict: 'rollback' }, wave: { direction: 'rollback' } });
  });

  test('HaltRollout answers the same when it is called again', async () => {
    const state = aBegunState(by, { judgement: tooMany, strategy: { onHalt: 'rollback' } });
    const again = () => haltRollout(by)({ execution, state, redriveCount: 0 });

    expect(await again()).toEqual(await again());
    expect(control()).toMatchObject({ status: 'rolling_back' });
  });

  test('HaltRollout stops when it halts during a rollback', async () => {
    const state = await halt({
      wave: { direction: 'rollback' },
      strategy: { onHalt: 'rollback' },
      failure: { Error: 'States.TaskFailed', Cause: 'x' },
    });

    expect(state.halt).toMatchObject({ verdict: 'stop', reason: 'States.TaskFailed' });
  });

  const cases: readonly [string, Parts, object][] = [
    [
      'an error that was caught',
      { failure: { Error: 'AccessDenied', Cause: '{"errorMessage":"not allowed"}' } },
      { reason: 'AccessDenied', summary: 'AccessDenied: not allowed' },
    ],
    [
      'a question that nobody answered',
      {
        failure: { Error: 'States.Timeout', Cause: '' },
        wave: { number: 1 },
        judgement: { verdict: 'ask_approval' },
      },
      { reason: 'States.Timeout', summary: 'no decision was made within 86400 s after wave 1' },
    ],
    [
      'a no',
      {
        approval: { verdict: 'rejected', by: 'ops' },
        wave: { number: 1 },
        judgement: { verdict: 'ask_approval' },
      },
      { reason: 'ApprovalRejected', summary: 'the rollout was rejected after wave 1 by ops' },
    ],
    [
      'a person',
      { wave: { verdict: 'halted', summary: 'ops said so' } },
      { reason: 'RolloutHalted', summary: 'ops said so' },
    ],
    [
      'a stale service',
      { judgement: { verdict: 'halt', reason: 'ServiceStale', summary: 'lb serves another' } },
      { reason: 'ServiceStale', summary: 'lb serves another' },
    ],
    ['nothing that it knows of', {}, { reason: 'RolloutHalted', summary: 'the rollout was halted' }],
  ];
  test.each(cases)('HaltRollout records that it halts for %s', async (_, parts, expected) => {
    expect((await halt(parts)).halt).toMatchObject(expected);
  });
});
