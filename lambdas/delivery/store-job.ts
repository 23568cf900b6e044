import type { HostKey } from '../../core/deployment/agent-line.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, JobHeader } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { sealStoreJob } from '../../core/seal/seal.ts';
import type { Credentials } from '../../services/credentials/credentials.ts';
import { headerFor, type PreparedJob } from './deliver.ts';

/** The services that a job for a target in a store requires. */
export interface StoreJobServices {
  readonly credentials: Credentials;
}

/** What a job for a target in a store contains besides the target. `bundle` only with `deploy` and `validate`. */
export interface StoreJobParts {
  readonly action: JobAction;
  readonly bundle: Bundle | null;
  /** The key of the host. */
  readonly key: HostKey;
  readonly now: Date;
}

/**
 * A job for the agent for stores on a host. Each job is sealed, because each has the credentials of the target.
 * @throws CertferryError CredentialUnavailable, UnknownHostKey
 */
export async function storeJob(
  { credentials }: StoreJobServices,
  deployment: Deployment,
  { action, bundle, key, now }: StoreJobParts,
): Promise<PreparedJob & { readonly header: JobHeader }> {
  const { target, replaces } = deployment;
  const header = headerFor(deployment, action, now);
  const body = {
    target,
    bundle,
    credentials: await credentials.read(target),
    previous: [],
    ...(action === 'rollback' && replaces !== undefined && { replaces }),
  };
  return { action, header, text: await sealStoreJob(header, body, key) };
}
