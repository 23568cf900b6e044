import type { Deployment } from '../../../core/deployment/deployment.ts';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { hasEnded } from '../../../services/ssm/commands.ts';
import { completeWith, isConclusive } from '../../delivery/complete-command.ts';
import { type DeliveryServices, deliver, heldLock, keyOf } from '../../delivery/deliver.ts';
import { openJob } from '../../delivery/open-job.ts';
import { type SigningServices, signedJob } from '../../delivery/signed-job.ts';
import { task } from '../../runtime/task.ts';
import { delivery, jobSigner } from '../../runtime/wiring.ts';

/**
 * State ReconcileCommand: the push returned no result. If SSM has a result after all (an event was missed), the state ends
 * with it. Otherwise it asks the host how the deployment ended. The status of SSM alone proves nothing: `DeliveryTimedOut`
 * does not mean that the command did not run. A retry of the state finds the inspect job that was sent.
 */
export const createHandler =
  (by: DeliveryServices & SigningServices) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    const known = await findEndedPush(by, deployment);
    if (known !== null) {
      const completion = await completeWith(by, { ...known.command, taskToken }, known.invocation);
      return { summary: `SSM had the result of the agent: ${completion}` };
    }
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'reconcile',
      prepare: () => signedJob(by, deployment, openJob(deployment, 'inspect', { now: by.clock.now() })),
    });
    return { summary: `inspect job for ${deployment.target.host}: ${completion}` };
  };

/** The push command, if it has ended and shows how the deployment ended. */
async function findEndedPush(by: DeliveryServices, deployment: Deployment) {
  const lock = await heldLock(by, deployment);
  const { pending } = lock;
  if (pending === null || pending.commandId === null) return null;
  if (pending.key === keyOf({ purpose: 'reconcile', deployment }, lock)) return null;
  const command = await by.pending.find(pending.commandId);
  const invocation = command && (await by.commands.readInvocation(command.commandId, command.host));
  if (!invocation || !hasEnded(invocation.status) || !isConclusive(command, invocation)) return null;
  return { command, invocation };
}

export const handler = task('ReconcileCommand', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler({ ...delivery(), signer: jobSigner() }),
});
