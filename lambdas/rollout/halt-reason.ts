import { textLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import type { RolloutState } from '../../core/rollout/rollout.ts';
import { caughtFailure } from './caught-failure.ts';

/** Why a rollout halts: the name of an error, and one line. */
export interface HaltReason {
  readonly reason: string;
  readonly summary: string;
}

/** Derives the reason from the state. `operatorReason`: the reason that an operator gave with a halt. */
export function haltReason(state: RolloutState, operatorReason: string | null): HaltReason {
  const { reason, summary } = wholeReason(state, operatorReason);
  return { reason, summary: cutText(summary, textLimits.summary, 'ends') };
}

function wholeReason(state: RolloutState, operatorReason: string | null): HaltReason {
  const { wave, judgement, approval, failure } = state;
  if (failure !== null) return failureReason(state);
  if (judgement.verdict === 'halt') {
    return { reason: judgement.reason ?? 'RolloutHalted', summary: judgement.summary };
  }
  if (wave.verdict === 'halted') return { reason: 'RolloutHalted', summary: operatorReason ?? wave.summary };
  if (approval?.verdict === 'rejected') {
    return {
      reason: 'ApprovalRejected',
      summary: `the rollout was rejected after wave ${wave.number} by ${approval.by}`,
    };
  }
  return { reason: 'RolloutHalted', summary: operatorReason ?? 'the rollout was halted' };
}

function failureReason({ wave, judgement, rollout, failure }: RolloutState): HaltReason {
  const { name, message } = caughtFailure(failure);
  const approvalTimedOut = name === 'States.Timeout' && judgement.verdict === 'ask_approval';
  if (!approvalTimedOut) return { reason: name, summary: message };
  const { approvalTimeoutSeconds } = rollout.strategy;
  const summary = `no decision was made within ${approvalTimeoutSeconds} s after wave ${wave.number}`;
  return { reason: name, summary };
}
