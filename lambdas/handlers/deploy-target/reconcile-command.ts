import type { Deployment } from '../../../core/deployment/deployment.ts';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import type { PendingCommand } from '../../../services/locks/pending-commands.ts';
import { hasEnded, type Invocation } from '../../../services/ssm/commands.ts';
import { completeWith, isConclusive } from '../../delivery/complete-command.ts';
import { type DeliveryServices, deliver, heldLock, keyOf } from '../../delivery/deliver.ts';
import { type JobServices, jobForHost } from '../../delivery/job-for-host.ts';
import { hostJobServices } from '../../runtime/host-jobs.ts';
import { task } from '../../runtime/task.ts';

/**
 * State ReconcileCommand: the push returned no result. If SSM has a result after all (an event was missed), the state ends
 * with it. Otherwise it asks the host how the deployment ended. The status of SSM alone proves nothing: `DeliveryTimedOut`
 * does not mean that the command did not run. A retry of the state finds the inspect job that was sent.
 */
export const createHandler =
  (by: DeliveryServices & JobServices) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    const push = await findPush(by, deployment);
    const invocation = push && (await findResult(by, push));
    if (push !== null && invocation !== null) {
      const completion = await completeWith(by, { ...push, taskToken }, invocation);
      return { summary: `SSM had the result of the agent: ${completion}` };
    }
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'reconcile',
      prepare: async () => ({
        ...(await jobForHost(by, deployment, 'inspect')),
        warnings: push?.warnings ?? [],
      }),
    });
    return { summary: `inspect job for ${deployment.target.host}: ${completion}` };
  };

/** The command of the push, if it was sent and no inspect job was. */
async function findPush(by: DeliveryServices, deployment: Deployment): Promise<PendingCommand | null> {
  const lock = await heldLock(by, deployment);
  const { pending } = lock;
  if (pending === null || pending.commandId === null) return null;
  if (pending.key === keyOf({ purpose: 'reconcile', deployment }, lock)) return null;
  return by.pending.find(pending.commandId);
}

/** The end of the command, if it shows how the deployment ended. */
async function findResult(by: DeliveryServices, command: PendingCommand): Promise<Invocation | null> {
  const invocation = await by.commands.readInvocation(command.commandId, command.host);
  if (invocation === null || !hasEnded(invocation.status)) return null;
  return isConclusive(command, invocation) ? invocation : null;
}

export const handler = task('ReconcileCommand', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler(hostJobServices()),
});
