import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { type DeliveryServices, deliver } from '../../delivery/deliver.ts';
import { type JobServices, jobForHost } from '../../delivery/job-for-host.ts';
import { hostJobServices } from '../../runtime/host-jobs.ts';
import { task } from '../../runtime/task.ts';

/**
 * State RollBack: sends the undo job for this deployment, under its own fence. A retry of the state finds the job that was
 * sent. A host that has already undone the deployment repeats the result from its receipt.
 */
export const createHandler =
  (by: DeliveryServices & JobServices) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'undo',
      prepare: () => jobForHost(by, deployment, 'undo'),
    });
    return { summary: `rollback on ${deployment.target.host}: ${completion}` };
  };

export const handler = task('RollBack', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler(hostJobServices()),
});
