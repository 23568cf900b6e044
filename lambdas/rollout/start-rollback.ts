import type { Halt, RolloutState } from '../../core/rollout/rollout.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';

/** Whether an operator has requested a rollback that HaltRollout has not started, because the request came after it. */
export function isRollbackPending({ wave }: RolloutState, control: RolloutControl | null): boolean {
  return wave.direction === 'forward' && control?.rollbackRequested === true;
}

/** The state with which the rollout starts to roll back. */
export function rollbackState(state: RolloutState, halt: Omit<Halt, 'verdict'>): RolloutState {
  const { wave } = state;
  return {
    ...state,
    deployed: null,
    failure: null,
    halt: { ...halt, verdict: 'rollback' },
    wave: { ...wave, direction: 'rollback' },
  };
}
