import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { type DeliveryServices, deliver } from '../../delivery/deliver.ts';
import { openJob } from '../../delivery/open-job.ts';
import { task } from '../../runtime/task.ts';
import { delivery } from '../../runtime/wiring.ts';

/**
 * State RollBack: tells the host to undo this deployment, under its own fence. A retry of the state finds what was
 * sent; a host that has undone it already says so again from its receipt.
 */
export const createHandler =
  (by: DeliveryServices) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'undo',
      make: async () => openJob(deployment, 'undo', { now: by.clock.now() }),
    });
    return { summary: `rollback on ${deployment.target.host}: ${completion}` };
  };

export const handler = task('RollBack', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler(delivery()),
});
