import type { Rollout, RolloutState } from '../../core/rollout/rollout.ts';

/** The state that ResolveCertificate returns. It has every field, so that every path of the state machine resolves. */
export function initialState(
  rollout: Rollout,
  locations: Pick<RolloutState['wave'], 'items' | 'results'>,
): RolloutState {
  return {
    rollout,
    wave: {
      verdict: 'wait',
      direction: 'forward',
      number: 0,
      step: 0,
      waitSeconds: 0,
      hold: { until: 0, planAt: 0, checks: 0 },
      count: 0,
      reached: 0,
      total: 0,
      refused: 0,
      unresolved: null,
      previousVersions: null,
      plans: [],
      ...locations,
      maxConcurrency: rollout.strategy.maxConcurrency,
      summary: 'not planned yet',
    },
    deployed: null,
    judgement: {
      verdict: 'next',
      attempt: 0,
      waitSeconds: 0,
      sinceWave: 0,
      failed: 0,
      tolerated: 0,
      summary: 'no wave has been deployed yet',
      reason: null,
    },
    approval: null,
    halt: null,
    failure: null,
  };
}
