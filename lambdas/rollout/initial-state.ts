import type { Place, Rollout, RolloutState } from '../../core/rollout/rollout.ts';

/** What flows into NextWave the first time: every field there, so that no path of the state machine fails to resolve. */
export function initialState(
  rollout: Rollout,
  places: { readonly items: Place; readonly results: Place },
): RolloutState {
  return {
    rollout,
    wave: {
      verdict: 'wait',
      direction: 'forward',
      number: 0,
      step: 0,
      waitSeconds: 0,
      hold: { until: 0, planAt: 0, looks: 0 },
      count: 0,
      reached: 0,
      total: 0,
      refused: 0,
      unfound: null,
      before: null,
      plans: [],
      ...places,
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
      summary: 'nothing to judge yet',
      reason: null,
    },
    approval: null,
    halt: null,
    failure: null,
  };
}
