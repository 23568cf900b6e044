import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { type DeliveryServices, deliver } from '../../delivery/deliver.ts';
import type { JobServices } from '../../delivery/job-for-host.ts';
import { openJob } from '../../delivery/open-job.ts';
import { signedJob } from '../../delivery/signed-job.ts';
import { task } from '../../runtime/task.ts';
import { delivery, jobSigner } from '../../runtime/wiring.ts';

/**
 * State RunOnDeployed: the endpoint serves the new version, and the host runs the commands `onDeployed` of the target. A retry of
 * the state finds the job that was sent, and the host runs the commands of a deployment at most once.
 */
export const createHandler =
  (by: DeliveryServices & Pick<JobServices, 'signer'>) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    const { host, onDeployed: commands = [] } = deployment.target;
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'onDeployed',
      prepare: async () => {
        const now = by.clock.now();
        return signedJob(by, deployment, openJob(deployment, 'onDeployed', { now, commands }));
      },
    });
    return { summary: `commands on ${host}: ${completion}` };
  };

export const handler = task('RunOnDeployed', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler({ ...delivery(), signer: jobSigner() }),
});
