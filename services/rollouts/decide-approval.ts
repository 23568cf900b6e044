import type { Approval } from '../../core/rollout/rollout.ts';
import type { Executions } from '../executions.ts';
import type { ApprovalRequest, ApprovalRequests } from './approval-requests.ts';

interface Services {
  readonly rollouts: Pick<ApprovalRequests, 'recordDecision'>;
  readonly executions: Pick<Executions, 'complete'>;
}

/**
 * Completes the waiting state of a rollout with an operator's decision, and records it. Of parallel decisions the first
 * counts. False when the rollout does not wait any more: it has a decision, has timed out, or its process has ended.
 */
export async function decideApproval(
  { rollouts, executions }: Services,
  request: ApprovalRequest,
  decision: Approval,
): Promise<boolean> {
  if (!(await executions.complete(request.taskToken, decision))) return false;
  await rollouts.recordDecision(request, decision);
  return true;
}

/** As decideApproval, for the request after that wave, or without a wave for the latest request without a decision. */
export async function decideApprovalOf(
  by: Services & { readonly rollouts: ApprovalRequests },
  { rolloutId, wave }: { readonly rolloutId: string; readonly wave?: number | undefined },
  decision: Approval,
): Promise<boolean> {
  const request = await by.rollouts.approvalRequest(rolloutId, wave);
  return request !== null && decideApproval(by, request, decision);
}
