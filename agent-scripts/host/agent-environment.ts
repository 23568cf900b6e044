import { CertferryError } from '../../core/errors.ts';
import { type Home, homeAt } from './home.ts';

/** The environment of the agent, set by the SSM document and bootstrap.sh. */
export interface AgentEnvironment {
  readonly home: Home;
  /** `probe`: the document of functions that only probe; its jobs have no signature. */
  readonly role: 'jobs' | 'probe';
  readonly job: string;
  /** The keys that may sign jobs (`core/seal/job-keys.ts`), as text. */
  readonly jobKeys: string;
  /** The id of this host as the SSM Agent reports it. */
  readonly host: string | undefined;
  /** A fence may exceed the last one by this number. */
  readonly fenceStep: number;
  /** The seconds that bootstrap.sh took to fetch the agent and its runtime. */
  readonly fetchSeconds: number;
}

/**
 * Reads the environment, and removes the job and its keys from it, so that no command can inherit them.
 * @throws CertferryError JobUnreadable if bootstrap.sh has not set it
 */
export function takeEnvironment(): AgentEnvironment {
  const { CERTFERRY_HOME, CERTFERRY_JOB, CERTFERRY_ROLE, CERTFERRY_JOB_KEYS, CERTFERRY_FENCE_STEP } =
    process.env;
  const fetchSeconds = Number(process.env.CERTFERRY_FETCH_SECONDS ?? 0);
  for (const name of ['JOB', 'ROLE', 'JOB_KEYS', 'FENCE_STEP', 'FETCH_SECONDS'])
    delete process.env[`CERTFERRY_${name}`];
  const fenceStep = Number(CERTFERRY_FENCE_STEP);
  const isRole = CERTFERRY_ROLE === 'jobs' || CERTFERRY_ROLE === 'probe';
  if (!CERTFERRY_HOME || !CERTFERRY_JOB || !isRole || !(Number.isSafeInteger(fenceStep) && fenceStep > 0)) {
    throw new CertferryError(
      'JobUnreadable',
      'CERTFERRY_HOME, CERTFERRY_JOB, CERTFERRY_ROLE and CERTFERRY_FENCE_STEP must be set: start the agent through bootstrap.sh',
    );
  }
  return {
    home: homeAt(CERTFERRY_HOME),
    role: CERTFERRY_ROLE,
    job: CERTFERRY_JOB,
    jobKeys: CERTFERRY_JOB_KEYS ?? '',
    host: process.env.AWS_SSM_INSTANCE_ID || undefined,
    fenceStep,
    fetchSeconds,
  };
}
