import type { Baseline } from '../../../core/deployment/baseline.ts';
import type { Deployment } from '../../../core/deployment/deployment.ts';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import { seal } from '../../../core/seal/seal.ts';
import { observeBaseline } from '../../../core/tls-probe/observe-baseline.ts';
import { requireCoveredName } from '../../../core/tls-probe/required-name.ts';
import type { LockItem } from '../../../services/locks/lock-item.ts';
import type { Sources } from '../../../services/sources/sources.ts';
import { type DeliveryServices, deliver, headerFor } from '../../delivery/deliver.ts';
import { refusedResult } from '../../delivery/job-results.ts';
import { openJob } from '../../delivery/open-job.ts';
import { type SigningServices, signedJob } from '../../delivery/signed-job.ts';
import { sources } from '../../runtime/bundle-sources.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { delivery, jobSigner } from '../../runtime/wiring.ts';

type Services = DeliveryServices &
  SigningServices & {
    readonly sources: Sources;
    readonly observeBaseline: typeof observeBaseline;
    /** Where targets with `probeFrom: lambda` are probed before the deployment. */
    readonly baselineFrom: Baseline['from'];
  };

/**
 * State PushBundle. If the key of the host is unknown, it sends an enroll job, and the state machine enters this state again.
 * Otherwise it fetches the version, seals it to that key, signs it and sends it. A retry of the state finds the job that was sent and
 * sends nothing. A refusal that no retry can change (a bad bundle, a job too large, a lost lock) completes the state as
 * `rejected`. Temporary errors are thrown; nothing was sent then.
 *
 * While the job is prepared, the endpoint is probed once: its result is the state before the deployment, by which a rollback
 * is judged.
 */
export const createHandler =
  (by: Services) =>
  async ({ deployment, taskToken }: WaitingState): Promise<TaskSummary> => {
    try {
      const completion = await deliver(by, {
        deployment,
        taskToken,
        purpose: 'push',
        prepare: async (lock) => {
          const baseline = findBaseline(by, deployment, lock);
          const job = await signedJob(by, deployment, await prepareJob(by, deployment));
          return { ...job, baseline: await baseline };
        },
      });
      return { summary: `${deployment.action} for ${deployment.target.host}: ${completion}` };
    } catch (error) {
      if (!isCertferryError(error) || error.retry !== 'never') throw error;
      await by.executions.complete(taskToken, refusedResult(error));
      return { summary: `refused: ${error.name}` };
    }
  };

/**
 * What the endpoint serves before the first job of this deployment is sent. Null if the lock has a baseline, which stays
 * because the host may have changed since, or if the host probes the endpoint itself.
 */
async function findBaseline(
  by: Pick<Services, 'observeBaseline' | 'baselineFrom'>,
  { target, probeFrom }: Deployment,
  { baseline, pending }: LockItem,
): Promise<Baseline | null> {
  if (probeFrom !== 'lambda' || by.baselineFrom !== 'lambda') return null;
  // an earlier attempt may have sent a job without a baseline
  if (baseline !== null || pending !== null) return null;
  return by.observeBaseline(target.verify, 'lambda');
}

type UnsignedJob = Parameters<typeof signedJob>[2];

async function prepareJob(by: Services, deployment: Deployment): Promise<UnsignedJob> {
  const now = by.clock.now();
  const { action, target, version } = deployment;
  if (action === 'rollback') return openJob(deployment, 'rollback', { now });
  if (version === null)
    throw new CertferryError('InvalidRequest', `version is required for action ${action}`);

  const key = await by.hostKeys.find(target.host);
  if (key === null) return openJob(deployment, 'enroll', { now });
  const { warnings, ...bundle } = await by.sources.fetch(version, now);
  requireCoveredName(target, bundle.leaf);
  try {
    const header = headerFor(deployment, action, now);
    return { action, header, text: await seal(header, { target, bundle }, key), warnings };
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
  build: () =>
    createHandler({
      ...delivery(),
      signer: jobSigner(),
      sources: sources(),
      observeBaseline,
      baselineFrom: setting('BASELINE_FROM'),
    }),
});
