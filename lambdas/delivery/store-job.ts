import type { HostKey } from '../../core/deployment/agent-line.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, JobHeader } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { sealStoreJob } from '../../core/seal/seal.ts';
import { returnsNoKeys } from '../../core/targets/kinds/kinds.ts';
import type { Credentials } from '../../services/credentials/credentials.ts';
import { headerFor, type PreparedJob } from './deliver.ts';
import { type EarlierBundles, type FindEarlier, noEarlier } from './earlier-bundles.ts';
import { type SigningServices, signedJob } from './signed-job.ts';

/** The services that a job for a target in a store requires. */
export interface StoreJobServices extends SigningServices {
  readonly credentials: Credentials;
  /** For stores that return no keys. */
  readonly earlier: FindEarlier;
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
 * A signed job for the agent for stores on a host. Each job is sealed, because each has the credentials of the target. For a store
 * that returns no keys, it also has the earlier versions that a rollback may need, as far as they fit.
 * @throws CertferryError CredentialUnavailable, UnknownHostKey, JobTooLarge, the errors of the search and of signing
 */
export async function signedStoreJob(
  by: StoreJobServices,
  deployment: Deployment,
  parts: StoreJobParts,
): Promise<PreparedJob> {
  const { target } = deployment;
  const credentials = await by.credentials.read(target);
  const earlier = returnsNoKeys(target.kind) ? await by.earlier(deployment, parts.bundle) : noEarlier;
  const signedWith = async ({ needed, helpful }: EarlierBundles): Promise<PreparedJob> => {
    const job = await storeJob(deployment, parts, { credentials, previous: [...needed, ...helpful] });
    try {
      return await signedJob(by, deployment, job);
    } catch (error) {
      if (!isCertferryError(error) || error.name !== 'JobTooLarge') throw error;
      if (helpful.length === 0) throw tooLarge(deployment, needed.length, error);
      return signedWith({ needed, helpful: helpful.slice(0, -1) });
    }
  };
  return signedWith(earlier);
}

async function storeJob(
  deployment: Deployment,
  { action, bundle, key, now }: StoreJobParts,
  secrets: { readonly credentials: Readonly<Record<string, string>>; readonly previous: Bundle[] },
): Promise<PreparedJob & { readonly header: JobHeader }> {
  const { target, replaces } = deployment;
  const header = headerFor(deployment, action, now);
  const body = {
    target,
    bundle,
    ...secrets,
    ...(action === 'rollback' && replaces !== undefined && { replaces }),
  };
  return { action, header, text: await sealStoreJob(header, body, key) };
}

function tooLarge({ target }: Deployment, versions: number, cause: CertferryError): CertferryError {
  if (versions === 0) return cause;
  const text = versions === 1 ? 'one earlier version' : `${versions} earlier versions`;
  return new CertferryError(
    'JobTooLarge',
    `The job for ${target.id} is too large: its store returns no keys, so the job contains ${text} for a rollback. It has ${cause.details.characters} characters; a command can have ${cause.details.limit}. Set host: lambda, whose jobs contain no bundles, or remove certificates from the chain that no client needs.`,
    { details: { ...cause.details, versions }, cause },
  );
}
