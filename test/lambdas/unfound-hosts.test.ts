import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as endRollout } from '../../lambdas/handlers/rollout/end-rollout.ts';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import {
  aBegunState,
  aRegisteredTarget,
  certificateName,
  execution,
  hostOf,
  idOf,
  install,
  withFleet,
} from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

type Rollout = NonNullable<Parameters<typeof aBegunState>[1]>['rollout'];

async function planned(rollout: Rollout = {}) {
  return nextWave(by)({ execution, state: aBegunState(by, { rollout }) });
}

async function ended(rollout: Rollout = {}) {
  const state = await planned(rollout);
  const request = { certificate: certificateName };
  expect(state.wave.verdict).toBe('finished');
  return endRollout(by)({ path: 'finished', execution, request, state });
}

const mistyped = (number: number) => aRegisteredTarget(number, { host: { tags: { app: 'wbe' } } });

describe('a rollout that finds no host for a target', () => {
  test('A rollout without a host for a target finishes, and reports it in its summary, output and message', async () => {
    by.catalogue.registered.push(
      mistyped(1),
      aRegisteredTarget(2, { host: { autoScalingGroup: 'api-v2' }, verify: { endpoint: '{host}:443' } }),
    );
    const warning =
      'no host was found for web-001 (the hosts with app=wbe), web-002 (the instances of Auto Scaling group api-v2)';

    expect(await ended()).toMatchObject({
      outcome: 'finished',
      summary: `no target to deploy to: ${warning}`,
      warning,
    });
    expect(by.sentMessages[0]).toMatchObject({ subject: 'api.example.com: rolled out, but to no host' });
    expect(by.sentMessages[0]?.text).toContain(warning);
  });

  test('A rollout without a host for a target reports it although other targets were reached', async () => {
    withFleet(by, 1);
    install(by, idOf(0), 'new');
    by.catalogue.registered.push(mistyped(7));

    const recorded = await ended();

    expect(recorded).toMatchObject({
      outcome: 'finished',
      summary: 'the only target reached; no host was found for web-007 (the hosts with app=wbe)',
    });
    expect(by.sentMessages[0]).toMatchObject({
      subject: 'api.example.com: rolled out, but no host was found for some targets',
    });
  });

  test('A rollout that finds no host for a target names a few of many', async () => {
    for (let number = 0; number < 7; number += 1) by.catalogue.registered.push(mistyped(number));

    expect((await planned()).wave.unresolved).toMatch(
      /^no host was found for web-000 .*, web-004 \(.*\) and 2 more$/,
    );
  });

  test('A rollout that finds no host for a target names the hosts that were named and never came, and no target that is not there', async () => {
    withFleet(by, 1);
    by.catalogue.registered.push(mistyped(7));
    by.clock.set('2026-11-22T13:00:00.000Z');

    expect(await ended({ only: { hosts: [hostOf(5)] } })).toMatchObject({
      warning: `no target was found on ${hostOf(5)}`,
    });
  });

  test('A rollout that finds no host for a target warns of nothing where all have hosts', async () => {
    withFleet(by, 2);
    install(by, idOf(0), 'new');
    install(by, idOf(1), 'new');

    expect(await ended()).not.toHaveProperty('warning');
    expect(by.sentMessages[0]).toMatchObject({ subject: 'api.example.com: rolled out' });
  });
});
