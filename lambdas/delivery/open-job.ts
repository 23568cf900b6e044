import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, OpenJob } from '../../core/deployment/job.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { headerFor, type PreparedJob } from './deliver.ts';

/** A job without secrets for this deployment. */
export function openJob(
  deployment: Deployment,
  action: JobAction,
  { now, probe = null }: { now: Date; probe?: OpenJob['probe'] },
): PreparedJob {
  const { replaces } = deployment;
  const only = action === 'rollback' && replaces !== undefined ? { replaces } : {};
  return { action, text: openJobText({ header: headerFor(deployment, action, now), probe, ...only }) };
}
