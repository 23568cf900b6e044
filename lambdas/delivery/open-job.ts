import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, JobHeader, OpenJob } from '../../core/deployment/job.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { headerFor, type PreparedJob } from './deliver.ts';

/** A job without secrets for this deployment, without a signature. */
export function openJob(
  deployment: Deployment,
  action: JobAction,
  { now, probe = null, commands }: { now: Date } & Partial<Pick<OpenJob, 'probe' | 'commands'>>,
): PreparedJob & { readonly header: JobHeader } {
  const { replaces } = deployment;
  const only = action === 'rollback' && replaces !== undefined ? { replaces } : {};
  const header = headerFor(deployment, action, now);
  return {
    action,
    header,
    text: openJobText({ header, probe, ...only, ...(commands !== undefined && { commands }) }),
  };
}
