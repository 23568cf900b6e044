import type { Baseline } from '../../../core/deployment/baseline.ts';
import type { Deployment } from '../../../core/deployment/deployment.ts';
import { TaskSummary, WaitingState } from '../../../core/deployment/task-input.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import { seal } from '../../../core/seal/seal.ts';
import { isFunctionHost } from '../../../core/targets/host-location.ts';
import { isStoreKind } from '../../../core/targets/kinds/kinds.ts';
import { observeBaseline } from '../../../core/tls-probe/observe-baseline.ts';
import { requireCoveredName } from '../../../core/tls-probe/required-name.ts';
import type { LockItem } from '../../../services/locks/lock-item.ts';
import type { Sources } from '../../../services/sources/sources.ts';
import { type DeliveryServices, deliver, headerFor, type PreparedJob } from '../../delivery/deliver.ts';
import type { FindEarlier } from '../../delivery/earlier-bundles.ts';
import { functionJob } from '../../delivery/function-job.ts';
import { isGoneHost } from '../../delivery/gone-hosts.ts';
import { type JobServices, jobForHost, sealedOrEnroll } from '../../delivery/job-for-host.ts';
import { refusedResult } from '../../delivery/job-results.ts';
import { signedJob } from '../../delivery/signed-job.ts';
import { type StoreJobParts, signedStoreJob } from '../../delivery/store-job.ts';
import { sources } from '../../runtime/bundle-sources.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { credentials, delivery, jobSigner } from '../../runtime/wiring.ts';

type Services = DeliveryServices &
  JobServices & {
    readonly sources: Sources;
    readonly observeBaseline: typeof observeBaseline;
    /** Where targets with `probeFrom: lambda` are probed before the deployment. */
    readonly baselineFrom: Baseline['from'];
  };

/**
 * State PushBundle. If the key of the host is unknown, it sends an enroll job, and the state machine enters this state again.
 * Otherwise it fetches the version, seals it to that key with the credentials of the target, signs it and sends it. A job for a
 * store that returns no keys also has the earlier versions that a rollback may need (`delivery/search-earlier.ts`). For
 * `host: lambda` it starts a run of the function, which fetches both. A retry of the state finds the job that was sent and
 * sends nothing. A refusal that no retry can change (a bad bundle, a job too large, a lost lock) completes the state as
 * `rejected`. Temporary errors are thrown; nothing was sent then. The errors of a gone host are thrown too.
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
          const job = await prepareJob(by, deployment);
          return { ...job, baseline: await baseline };
        },
      });
      return { summary: `${deployment.action} for ${deployment.target.host}: ${completion}` };
    } catch (error) {
      if (!isCertferryError(error) || error.retry !== 'never' || isGoneHost(error)) throw error;
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

async function prepareJob(by: Services, deployment: Deployment): Promise<PreparedJob> {
  const { action, target, version } = deployment;
  if (action === 'rollback') return jobForHost(by, deployment, action);
  if (version === null)
    throw new CertferryError('InvalidRequest', `version is required for action ${action}`);
  const now = by.clock.now();
  if (isFunctionHost(target.host)) return functionJob(deployment, action, now);
  return sealedOrEnroll(by, deployment, async (key) => {
    const { warnings, ...bundle } = await by.sources.fetch(version, now);
    requireCoveredName(target, bundle.leaf);
    const parts = { action, bundle, key, now };
    const job = isStoreKind(target.kind)
      ? await signedStoreJob(by, deployment, parts)
      : await signedJob(by, deployment, await fileJob(by, deployment, parts));
    return { ...job, warnings };
  });
}

/** A job for a target with files, sealed with the credentials of its kind, if it has some. */
async function fileJob(
  by: Services,
  deployment: Deployment,
  { action, bundle, key, now }: StoreJobParts & { readonly bundle: Bundle },
) {
  const { target } = deployment;
  const header = headerFor(deployment, action, now);
  const credentials = await by.credentials.read(target);
  const body = { target, bundle, ...(Object.keys(credentials).length > 0 && { credentials }) };
  return { action, header, text: await seal(header, body, key) };
}

/** Loaded only for kinds that need it: its clients would make every start of this function slower. */
const earlier: FindEarlier = async (deployment, bundle) => {
  const { searchedEarlier } = await import('../../runtime/earlier-versions.ts');
  return searchedEarlier(deployment, bundle);
};

export const handler = task('PushBundle', {
  input: WaitingState,
  result: TaskSummary,
  build: () =>
    createHandler({
      ...delivery(),
      signer: jobSigner(),
      credentials: credentials(),
      earlier,
      sources: sources(),
      observeBaseline,
      baselineFrom: setting('BASELINE_FROM'),
    }),
});
