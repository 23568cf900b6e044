import type { RolloutState } from '../../core/rollout/rollout.ts';

/**
 * Whether a redrive has brought the execution back to RolloutHalted: its RedriveCount is larger than at the halt. If
 * HaltRollout itself failed, the state has no halt; then the registry decides.
 */
export function isResumed(
  { halt }: RolloutState,
  redriveCount: number,
  control: { readonly status: string; readonly redriveCount: number } | null,
): boolean {
  if (halt !== null) return redriveCount > halt.redriveCount;
  return control?.status === 'halted' && redriveCount > control.redriveCount;
}

/**
 * The state of a resumed rollout. Failed targets are retried, and failures count from 0. A pending, rejected or timed-out
 * approval counts as given by the operator who resumed the rollout.
 */
export function resumedState(state: RolloutState, redriveCount: number): RolloutState {
  const { wave, judgement, approval, halt } = state;
  const waitedForApproval = judgement.verdict === 'ask_approval';
  return {
    ...state,
    wave: {
      ...wave,
      verdict: 'wait',
      waitSeconds: 0,
      hold: { ...wave.hold, until: 0, planAt: 0 },
      summary: 'resumed',
    },
    deployed: null,
    judgement: {
      ...judgement,
      verdict: 'next',
      attempt: 0,
      waitSeconds: 0,
      sinceWave: wave.number,
      failed: 0,
      summary: 'resumed',
      reason: null,
    },
    approval: waitedForApproval
      ? { verdict: 'approved', by: 'the operator who resumed the rollout' }
      : approval,
    halt: wave.direction === 'rollback' && halt !== null ? { ...halt, redriveCount } : null,
    failure: null,
  };
}
