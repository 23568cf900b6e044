import type { Deployment } from '../../../core/deployment/deployment.ts';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import { seal } from '../../../core/seal/seal.ts';
import { requireCoveredName } from '../../../core/tls-probe/required-name.ts';
import type { Sources } from '../../../services/sources/sources.ts';
import { type DeliveryServices, deliver, headerFor } from '../../delivery/deliver.ts';
import { refusedResult } from '../../delivery/job-results.ts';
import { openJob } from '../../delivery/open-job.ts';
import { type SigningServices, signedJob } from '../../delivery/signed-job.ts';
import { sources } from '../../runtime/bundle-sources.ts';
import { task } from '../../runtime/task.ts';
import { delivery, jobSigner } from '../../runtime/wiring.ts';

type Services = DeliveryServices & SigningServices & { readonly sources: Sources };

/**
 * State PushBundle. If the key of the host is unknown, it sends an enroll job, and the state machine enters this state again.
 * Otherwise it fetches the version, seals it to that key, signs it and sends it. A retry of the state finds the job that was sent and
 * sends nothing. A refusal that no retry can change (a bad bundle, a job too large, a lost lock) completes the state as
 * `rejected`. Temporary errors are thrown; nothing was sent then.
 */
export const createHandler =
  (by: Services) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    try {
      const completion = await deliver(by, {
        deployment,
        taskToken,
        purpose: 'push',
        prepare: async () => signedJob(by, deployment, await prepareJob(by, deployment)),
      });
      return { summary: `${deployment.action} for ${deployment.target.host}: ${completion}` };
    } catch (error) {
      if (!isCertferryError(error) || error.retry !== 'never') throw error;
      await by.executions.complete(taskToken, refusedResult(error));
      return { summary: `refused: ${error.name}` };
    }
  };

type UnsignedJob = Parameters<typeof signedJob>[2];

async function prepareJob(by: Services, deployment: Deployment): Promise<UnsignedJob> {
  const now = by.clock.now();
  const { action, target, version } = deployment;
  if (action === 'rollback') return openJob(deployment, 'rollback', { now });
  if (version === null)
    throw new CertferryError('InvalidRequest', `version is required for action ${action}`);

  const key = await by.hostKeys.find(target.host);
  if (key === null) return openJob(deployment, 'enroll', { now });
  const bundle = await by.sources.fetch(version, now);
  try {
    requireCoveredName(target, bundle.leaf);
    const header = headerFor(deployment, action, now);
    return { action, header, text: await seal(header, { target, bundle }, key) };
  } catch (error) {
    // the stored key is invalid: enroll the host again
    if (isCertferryError(error) && error.name === 'UnknownHostKey')
      return openJob(deployment, 'enroll', { now });
    throw error;
  }
}

export const handler = task('PushBundle', {
  input: WaitingState,
  result: TaskSummary,
  build: () => createHandler({ ...delivery(), signer: jobSigner(), sources: sources() }),
});
