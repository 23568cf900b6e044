import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { type JobSigner, signJob } from '../../core/seal/sign-job.ts';
import { hostLocationOf } from '../../core/targets/host-location.ts';
import type { PreparedJob } from './deliver.ts';

/** A service of the functions that give jobs to hosts: PushBundle, ReconcileCommand, RollBack and RunOnDeployed. */
export interface SigningServices {
  readonly signer: JobSigner;
}

/**
 * Signs a job for the host of the deployment.
 * @throws CertferryError JobTooLarge, and the errors of KMS
 */
export async function signedJob(
  { signer }: SigningServices,
  { target }: Deployment,
  job: PreparedJob & { readonly header: JobHeader },
): Promise<PreparedJob> {
  const { instance } = hostLocationOf(target.host);
  const { header, ...prepared } = job;
  return { ...prepared, text: await signJob(job.text, { header, host: instance }, signer) };
}
