import type { RolloutState } from '../../core/rollout/rollout.ts';

/**
 * Whether a redrive has brought the execution to RolloutHalted again: more of them than when it was halted. Where
 * HaltRollout failed for good there is no note of that: then the registry says whether it was halted before.
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
 * A halted rollout as it goes on: what failed is tried again, failures count from 0, and a question that was answered
 * with no, or by nobody, counts as answered by whoever resumed it.
 */
export function resumed(state: RolloutState, redriveCount: number): RolloutState {
  const { wave, judgement, approval, halt } = state;
  const asked = judgement.verdict === 'ask_approval';
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
    approval: asked ? { verdict: 'approved', by: 'whoever resumed the rollout' } : approval,
    halt: wave.direction === 'back' && halt !== null ? { ...halt, redriveCount } : null,
    failure: null,
  };
}
