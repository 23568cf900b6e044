import * as z from 'zod/mini';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import { isFunctionHost } from '../../../core/targets/host-location.ts';
import { type DeliveryServices, deliver } from '../../delivery/deliver.ts';
import { functionProbe } from '../../delivery/function-job.ts';
import { openJob } from '../../delivery/open-job.ts';
import { task } from '../../runtime/task.ts';
import { delivery, probeCommands } from '../../runtime/wiring.ts';

const Input = z.extend(WaitingState, { version: z.nullable(VersionFacts), attempt: z.int() });
type Input = z.infer<typeof Input>;

/**
 * State ProbeFromHost: the host, or for `host: lambda` the function that runs the agent, probes the endpoint. The number of the attempt is part of the stored key: a retry of the
 * state finds its probe, and the next attempt is a new one. The job has no signature: its SSM document can only probe.
 */
export const createHandler =
  (by: DeliveryServices) =>
  async ({ deployment, taskToken, version, attempt }: Input): Promise<TaskSummary> => {
    const { verify, host, id } = deployment.target;
    if (verify === 'none' || version === null) {
      throw new CertferryError(
        'InvalidRequest',
        `target ${id} cannot be probed: ${verify === 'none' ? 'it has verify: none' : 'the host did not report the installed version'}`,
      );
    }
    const completion = await deliver(by, {
      deployment,
      taskToken,
      purpose: 'probe',
      probe: { verify, attempt },
      prepare: async () => {
        const now = by.clock.now();
        const request = { verify, version };
        return isFunctionHost(host)
          ? functionProbe(deployment, request, now)
          : openJob(deployment, 'inspect', { now, probe: request });
      },
    });
    return { summary: `probe ${attempt + 1} from ${host}: ${completion}` };
  };

export const handler = task('ProbeFromHost', {
  input: Input,
  result: TaskSummary,
  build: () => createHandler({ ...delivery(), commands: probeCommands() }),
});
