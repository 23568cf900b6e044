// An instance that starts during a rollout gets the current version, and then the version that becomes current.
import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as endRollout } from '../../lambdas/handlers/rollout/end-rollout.ts';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { fingerprint, source } from '../fixtures/factories.ts';
import {
  aBegunState,
  aRegisteredTarget,
  aResult,
  certificateName,
  execution,
  idOf,
  install,
  rolloutId,
} from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});

const group = { autoScalingGroup: 'web' };
const host = 'i-0123456789abcdef0';
const targetId = `${idOf(0)}.${host}`;
const only = { targets: [idOf(0)], hosts: [host] };
const version = (name: string) => ({ fingerprint: fingerprint(name), source, notAfter: 1_800_000_000 });

/** A part for a new instance, which has got the version that was current. */
function aPart(online = true, startedAt?: number) {
  by.catalogue.registered.push(aRegisteredTarget(0, { host: group }));
  const found = { host, address: null, online, ...(startedAt !== undefined && { startedAt }) };
  by.fleet.hosts.set(JSON.stringify(group), [found]);
  install(by, targetId, 'old', { rollout: rolloutId });
  return aBegunState(by, {
    rollout: { version: version('old'), only, followsCurrent: true },
    wave: { number: 1, count: 1, total: 1 },
  });
}

const another = (name: string) => ({
  ...by.rollouts.controls.get(rolloutId),
  id: 'r-2',
  fingerprint: fingerprint(name),
});
const runs = (name: string) => {
  by.rollouts.full = another(name) as never;
};
const deployed = { number: 1, direction: 'forward' as const, results: [aResult(targetId, 'deployed')] };
const end = async (state: ReturnType<typeof aPart>) => {
  await by.files.writeJudged(rolloutId, deployed);
  return endRollout(by)({ path: 'finished', execution, request: {}, state });
};

describe('an instance that starts during a rollout', () => {
  test('The rollout of the instance does not end while a rollout of another version runs', async () => {
    const state = aPart();
    await by.files.writeJudged(rolloutId, deployed);
    runs('new');

    const { wave } = await nextWave(by)({ execution, state });

    expect(wave).toMatchObject({ verdict: 'wait', waitSeconds: 60 });
    expect(wave.summary).toBe('the only target reached; waits for the end of rollout r-2');
  });

  test.each([
    ['no other rollout runs', null],
    ['the other rollout has the same version', 'old'],
  ])('The rollout of the instance ends if %s', async (_, name) => {
    const state = aPart();
    await by.files.writeJudged(rolloutId, deployed);
    if (name !== null) runs(name);

    expect((await nextWave(by)({ execution, state })).wave.verdict).toBe('finished');
  });

  test('The rollout of the instance waits for at most a week, because an aborted rollout has no end', async () => {
    const state = aPart();
    await by.files.writeJudged(rolloutId, deployed);
    runs('new');
    by.clock.set('2026-11-30T12:00:00.000Z');

    expect((await nextWave(by)({ execution, state })).wave.verdict).toBe('finished');
  });

  test('A version that became current in the meantime is deployed to the instance by another rollout, once', async () => {
    const state = aPart();
    by.catalogue.current.set(certificateName, { version: version('new'), sequence: 2 });

    await end(state);
    await end(state);

    expect(by.executions.started).toMatchObject([
      {
        machineArn: by.rolloutArn,
        name: expect.stringMatching(/^r-1-next-[0-9a-f]{20}$/),
        input: { certificate: certificateName, version: 'current', only },
      },
    ]);
  });

  test.each([
    ['the current version is still the same', 'old', 'old'],
    ['the instance has got the new version from the other rollout', 'new', 'new'],
  ])('No other rollout starts if %s', async (_, current, has) => {
    const state = aPart();
    by.catalogue.current.set(certificateName, { version: version(current), sequence: 2 });
    install(by, targetId, has);

    await end(state);

    expect(by.executions.started).toEqual([]);
  });

  test('A rollout to all targets neither waits for another one nor starts one', async () => {
    const state = aPart();
    const full = { ...state, rollout: { ...state.rollout, only: null, followsCurrent: undefined } };
    by.catalogue.current.set(certificateName, { version: version('new'), sequence: 2 });

    await end(full as never);

    expect(by.executions.started).toEqual([]);
  });
});
