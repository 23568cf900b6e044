import type { Deployment } from '../../../core/deployment/deployment.ts';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { hasEnded } from '../../../services/ssm/commands.ts';
import { completeWith, lineFor } from '../../delivery/complete-command.ts';
import { type DeliveryServices, deliver, heldLock, keyOf } from '../../delivery/deliver.ts';
import { openJob } from '../../delivery/open-job.ts';
import { task } from '../../runtime/task.ts';
import { delivery } from '../../runtime/wiring.ts';

/**
 * State ReconcileCommand: no line came back from the push. When SSM has one after all (an event was missed), the
 * state ends with it; otherwise the host is asked how this deployment ended. `DeliveryTimedOut` does not mean "did
 * not run", so nothing is concluded from SSM's status alone. A retry of the state finds the question already sent.
 */
export const createHandler =
  (by: DeliveryServices) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    const known = await endedBefore(by, deployment);
    if (known !== null) {
      const completion = await completeWith(by, { ...known.command, taskToken }, known.invocation);
      return { summary: `SSM had the agent's line: ${completion}` };
    }
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'reconcile',
      make: async () => openJob(deployment, 'inspect', { now: by.clock.now() }),
    });
    return { summary: `asking ${deployment.target.host}: ${completion}` };
  };

/** The push's command with the agent's line, if it has ended with one. */
async function endedBefore(by: DeliveryServices, deployment: Deployment) {
  const lock = await heldLock(by, deployment);
  const { pending } = lock;
  if (pending === null || pending.commandId === null) return null;
  if (pending.key === keyOf({ purpose: 'reconcile', deployment }, lock)) return null;
  const command = await by.pending.find(pending.commandId);
  const invocation = command && (await by.commands.readInvocation(command.commandId, command.host));
  if (!invocation || !hasEnded(invocation.status) || lineFor(command, invocation) === null) return null;
  return { command, invocation };
}

export const handler = task('ReconcileCommand', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler(delivery()),
});
