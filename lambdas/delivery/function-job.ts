import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, ProbeRequest } from '../../core/deployment/job.ts';
import { functionJobText } from '../../core/deployment/run.ts';
import { headerFor, type PreparedJob } from './deliver.ts';

/** Jobs with the version that they install. */
const withVersion: readonly JobAction[] = ['deploy', 'validate'];

/** A job for the function that runs the agent. It has references instead of the bundle and the credentials. */
export function functionJob(deployment: Deployment, action: JobAction, now: Date): PreparedJob {
  const { target, version, replaces } = deployment;
  const header = headerFor(deployment, action, now);
  const text = functionJobText({
    job: 'store',
    header,
    target,
    version: withVersion.includes(action) ? version : null,
    ...(action === 'rollback' && replaces !== undefined && { replaces }),
  });
  return { action, text };
}

/** A probe of the endpoint from the function. */
export function functionProbe(deployment: Deployment, probe: ProbeRequest, now: Date): PreparedJob {
  const header = headerFor(deployment, 'inspect', now);
  return { action: 'inspect', text: functionJobText({ job: 'probe', header, probe }) };
}
