import { Approval as Answer, type Approval } from '../core/rollout/rollout.ts';
import { createExecutions } from '../services/executions.ts';
import type { Rollouts } from '../services/rollouts/rollout-store.ts';
import type { Cloud } from './cloud.ts';

/** A person's answers to rollouts that ask after a wave. */
export interface Approvals {
  /**
   * Tells the rollout, whichever process on the state folder runs it. Without `wave` the latest one that asks is meant.
   * False when nobody asks: there is no such question, it has been answered, or the process that asked is gone (it asks
   * again when it is resumed).
   */
  answer(id: string, answer: Approval & { readonly wave?: number | undefined }): Promise<boolean>;
}

export function openApprovals({ sfn }: Cloud, rollouts: Rollouts): Approvals {
  const executions = createExecutions(sfn);
  return {
    async answer(id, { wave, ...said }) {
      const answer = Answer.parse(said);
      const question = await rollouts.approvalRequest(id, wave);
      if (question === null || !(await executions.complete(question.taskToken, answer))) return false;
      await rollouts.recordDecision(question, answer);
      return true;
    },
  };
}
