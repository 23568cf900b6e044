import type { RolloutState } from '../../core/rollout/rollout.ts';
import { caughtFailure } from './caught-failure.ts';

/** Why a rollout halts: an error's name, and one line. */
export interface HaltReason {
  readonly reason: string;
  readonly summary: string;
}

/** Reads off the state what sent it to HaltRollout. `said`: what a person gave as the reason, if one halted it. */
export function haltReason(state: RolloutState, said: string | null): HaltReason {
  const { wave, judgement, approval, failure } = state;
  if (failure !== null) return caught(state);
  if (judgement.verdict === 'halt') {
    return { reason: judgement.reason ?? 'RolloutHalted', summary: judgement.summary };
  }
  if (wave.verdict === 'halted') return { reason: 'RolloutHalted', summary: said ?? wave.summary };
  if (approval?.verdict === 'rejected') {
    const summary = `the question after wave ${wave.number} was answered with no, by ${approval.by}`;
    return { reason: 'ApprovalRejected', summary };
  }
  return { reason: 'RolloutHalted', summary: said ?? 'it was halted' };
}

function caught({ wave, judgement, rollout, failure }: RolloutState): HaltReason {
  const { name, message } = caughtFailure(failure);
  const nobodyAnswered = name === 'States.Timeout' && judgement.verdict === 'ask_approval';
  if (!nobodyAnswered) return { reason: name, summary: message };
  const { approvalTimeoutSeconds } = rollout.strategy;
  const summary = `nobody answered the question after wave ${wave.number} within ${approvalTimeoutSeconds} s`;
  return { reason: name, summary };
}
