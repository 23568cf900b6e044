import { describe, expect, test } from 'vitest';
import {
  readStates,
  simulateThrottling,
  statesBefore,
  type ThrottledFleet,
} from '../../bench/capacity-model/throttled-probes.ts';

const states = readStates();
/** 2,000 deployments, 50 at once, in an account with the concurrency of a new one. */
const fleet: ThrottledFleet = { deployments: 2000, atOnce: 50, functions: 10, probeSeconds: 3, seed: 1 };
const endsOf = (policy: typeof states, changes: Partial<ThrottledFleet> = {}) =>
  simulateThrottling(policy, { ...fleet, ...changes });

describe('a fleet of 2,000 targets whose functions are throttled', () => {
  test('A throttled probe rolled back good deployments with the Retry and Catch of version 0.1', () => {
    expect(endsOf(statesBefore(states)).RollBack).toBeGreaterThan(50);
  });

  test.each([1, 2, 3])('Throttled functions neither roll back nor lose any deployment (seed %i)', (seed) => {
    expect(endsOf(states, { seed })).toEqual({ Deployed: fleet.deployments });
  });

  test('A probe that is throttled for good ends as not probed, and rolls nothing back', () => {
    const ends = endsOf(states, { probeSeconds: 30, atOnce: 200 });

    expect(ends.RollBack).toBeUndefined();
    expect(ends['AcceptUnprobed?']).toBeGreaterThan(0);
  });
});
