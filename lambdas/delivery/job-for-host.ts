import type { Clock } from '../../core/clock.ts';
import type { HostKey } from '../../core/deployment/agent-line.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction } from '../../core/deployment/job.ts';
import { isCertferryError } from '../../core/errors.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import { isStoreKind } from '../../core/targets/kinds/kinds.ts';
import type { HostKeys } from '../../services/registry/host-keys.ts';
import type { PreparedJob } from './deliver.ts';
import { functionJob } from './function-job.ts';
import { openJob } from './open-job.ts';
import { signedJob } from './signed-job.ts';
import { type StoreJobServices, signedStoreJob } from './store-job.ts';

/** The services that preparing a job for any host requires. */
export interface JobServices extends StoreJobServices {
  readonly clock: Clock;
  readonly hostKeys: Pick<HostKeys, 'find'>;
}

/**
 * A job without a bundle, in the form that its host accepts:
 *
 * | host and kind | form |
 * | --- | --- |
 * | `lambda` | references, for the function of the stack |
 * | a host, a kind in a store | sealed with the credentials and signed |
 * | a host, a kind with files | open and signed |
 *
 * A host whose key is unknown gets the job `enroll` instead of a sealed one.
 * @throws CertferryError CredentialUnavailable, the errors of the search for earlier versions, and of signing
 */
export async function jobForHost(
  by: JobServices,
  deployment: Deployment,
  action: JobAction,
): Promise<PreparedJob> {
  const now = by.clock.now();
  const { host, kind } = deployment.target;
  if (isFunctionHost(host)) return functionJob(deployment, action, now);
  if (!isStoreKind(kind)) return signedJob(by, deployment, openJob(deployment, action, { now }));
  return sealedOrEnroll(by, deployment, (key) =>
    signedStoreJob(by, deployment, { action, bundle: null, key, now }),
  );
}

/** The signed job that `sealed` returns for the key of the host. The job `enroll` if the key is unknown or invalid. */
export async function sealedOrEnroll(
  by: Pick<JobServices, 'clock' | 'hostKeys' | 'signer'>,
  deployment: Deployment,
  sealed: (key: HostKey) => Promise<PreparedJob>,
): Promise<PreparedJob> {
  const enroll = () => signedJob(by, deployment, openJob(deployment, 'enroll', { now: by.clock.now() }));
  const key = await by.hostKeys.find(deployment.target.host);
  if (key === null) return enroll();
  try {
    return await sealed(key);
  } catch (error) {
    if (isCertferryError(error) && error.name === 'UnknownHostKey') return enroll();
    throw error;
  }
}
