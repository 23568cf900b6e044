import * as z from 'zod/mini';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import { type DeliveryServices, deliver } from '../../delivery/deliver.ts';
import { openJob } from '../../delivery/open-job.ts';
import { task } from '../../runtime/task.ts';
import { delivery } from '../../runtime/wiring.ts';

const Input = z.extend(WaitingState, { version: z.nullable(VersionFacts), attempt: z.int() });
type Input = z.infer<typeof Input>;

/**
 * State ProbeFromHost: has the host look at its own endpoint. The look number is part of what is remembered, so a
 * retry of the state finds its look and the next look is a new one.
 */
export const createHandler =
  (by: DeliveryServices) =>
  async ({ deployment, taskToken, version, attempt }: Input): Promise<TaskSummary> => {
    const { verify, host, id } = deployment.target;
    if (verify === 'none' || version === null) {
      throw new CertferryError(
        'InvalidRequest',
        `target ${id} cannot be looked at: ${verify === 'none' ? 'it says verify: none' : 'the host did not say which version it installed'}`,
      );
    }
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'probe',
      probe: { verify, attempt },
      make: async () => openJob(deployment, 'inspect', { now: by.clock.now(), probe: { verify, version } }),
    });
    return { summary: `look ${attempt + 1} from ${host}: ${completion}` };
  };

export const handler = task('ProbeFromHost', {
  input: Input,
  result: TaskSummary,
  build: () => createHandler(delivery()),
});
