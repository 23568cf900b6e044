import { type Deliverers, deliver } from './delivery/deliver.ts';
import { openJob } from './delivery/open-job.ts';
import { delivery } from './runtime/delivery.ts';
import { Said, WaitingState } from './runtime/events.ts';
import { task } from './runtime/task.ts';

/**
 * State RollBack: tells the host to undo this deployment, under its own fence. A retry of the state finds what was
 * sent; a host that has undone it already says so again from its receipt.
 */
export const createHandler =
  (by: Deliverers) =>
  async ({ deployment, taskToken }: WaitingState): Promise<Said> => {
    const settlement = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'rollback',
      make: async () => openJob(deployment, 'rollback', { now: by.clock.now() }),
    });
    return { summary: `rollback on ${deployment.target.host}: ${settlement}` };
  };

export const handler = task('RollBack', {
  input: WaitingState,
  result: Said,
  build: () => createHandler(delivery()),
});
