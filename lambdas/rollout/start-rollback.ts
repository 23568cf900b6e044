import type { Halt, RolloutState } from '../../core/rollout/rollout.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';

/** Whether a person wants a rollout put back that has not turned back yet: HaltRollout did not know of it. */
export function isRollbackPending({ wave }: RolloutState, control: RolloutControl | null): boolean {
  return wave.direction === 'forward' && control?.rollbackRequested === true;
}

/** The state with which it puts back what it has changed. */
export function turnedBack(state: RolloutState, halt: Omit<Halt, 'verdict'>): RolloutState {
  const { wave } = state;
  return {
    ...state,
    deployed: null,
    failure: null,
    halt: { ...halt, verdict: 'roll_back' },
    wave: { ...wave, direction: 'back' },
  };
}
