/**
 * The agent. The SSM document's script starts it with one job. It prints one line of JSON and exits with 0 if that line is
 * the complete result.
 *
 * It verifies the signature, reads the job, checks its folder and acquires the host lock. It refuses a repeated job,
 * recovers from an interrupted run, and refuses an expired job or a wrong fence. Then it does the job. No process remains.
 *
 * In the role `probe` (the document of functions that only probe), the agent accepts only probes, without a signature. It
 * neither reads nor changes its folder then.
 */

import type { AgentLine, Recovery } from '../core/deployment/agent-line.ts';
import type { JobHeader, OpenJob } from '../core/deployment/job.ts';
import { CertferryError, isCertferryError } from '../core/errors.ts';
import type { ReadJob } from '../core/seal/job-text.ts';
import { unseal } from '../core/seal/unseal.ts';
import { recover } from './apply/recover.ts';
import type { AgentEnvironment } from './host/agent-environment.ts';
import { unlessDiskFails } from './host/disk-space.ts';
import type { Home } from './host/home.ts';
import { openSealed } from './host/host-keys.ts';
import { deploy } from './jobs/deploy.ts';
import { enrolled, retireKey, unknownKey, withHostKey } from './jobs/host-key-results.ts';
import { inspect } from './jobs/inspect.ts';
import { onDeployed } from './jobs/on-deployed.ts';
import { performProbe } from './jobs/probe.ts';
import { rollback } from './jobs/rollback.ts';
import { undo } from './jobs/undo.ts';
import { acceptOnce } from './journal/accepted-jobs.ts';
import { checkFence, refuseExpired } from './journal/fence.ts';
import { readReceipt } from './journal/receipt.ts';
import { finishedLine } from './journal/receipt-rules.ts';
import { rejected } from './journal/result-line.ts';
import { messageOf, performSigned, printResult, type StartedJob, startedEnvironment } from './start-agent.ts';

async function main(): Promise<AgentLine> {
  const environment = startedEnvironment();
  return environment.role === 'probe'
    ? performProbe(environment.job)
    : performSigned(environment, performStarted);
}

async function performStarted({ environment, verified, job }: StartedJob): Promise<AgentLine> {
  const { home } = environment;
  let recovered: Recovery | null = null;
  try {
    acceptOnce(home, verified, new Date());
    recovered = (await recover(home))?.recovery ?? null;
    return { ...(await perform(environment, job)), recovered };
  } catch (error) {
    const header = job.sealed ? job.header : job.job.header;
    return { ...(await resultOfError(home, header, error)), recovered };
  }
}

/** First retires the key of a job that was killed before it could. A repetition of that job may still need the key. */
async function perform(environment: AgentEnvironment, job: ReadJob): Promise<AgentLine> {
  const { home } = environment;
  const finished = job.sealed ? finishedResult(home, job.header) : null;
  const warnings = retireKey(home, job.sealed && finished === null ? job.kid : null);
  const line = await performAfterRecovery(environment, job, finished);
  return { ...line, warnings: [...line.warnings, ...warnings] };
}

async function performAfterRecovery(
  environment: AgentEnvironment,
  job: ReadJob,
  finished: AgentLine | null,
): Promise<AgentLine> {
  if (!job.sealed) return performOpen(environment, job.job);
  return withHostKey(environment.home, finished ?? (await performSealed(environment, job)));
}

/** The key that opened the job is deleted once the result is durable. A repeated job gets its result from the receipt. */
async function performSealed(
  { home, fenceStep }: AgentEnvironment,
  job: ReadJob & { sealed: true },
): Promise<AgentLine> {
  const opened = await openSealed(home, job, unseal);
  if (opened === null) return unknownKey(home, job);
  const { header, body } = opened;
  const line = await withErrorResult(home, header, () => {
    refuseExpired(header, new Date());
    checkFence(home, header, fenceStep);
    return deploy(home, header, body);
  });
  return { ...line, warnings: [...line.warnings, ...retireKey(home, null)] };
}

/** Every result of an opened job, also a failure, must contain the new public key: the next bundle is sealed to it. */
async function withErrorResult(
  home: Home,
  header: JobHeader,
  work: () => Promise<AgentLine>,
): Promise<AgentLine> {
  try {
    return await work();
  } catch (error) {
    return resultOfError(home, header, error);
  }
}

async function performOpen(
  { home, fenceStep }: AgentEnvironment,
  { header, probe, inspections, replaces, commands = [] }: OpenJob,
): Promise<AgentLine> {
  refuseExpired(header, new Date());
  if (probe !== null || inspections !== undefined) {
    throw new CertferryError('JobUnreadable', 'a probe must be sent with the document that can only probe');
  }
  switch (header.action) {
    case 'enroll':
      return enrolled(home, header, null);
    case 'inspect':
      return inspect(home, header);
    case 'undo':
      checkFence(home, header, fenceStep);
      return undo(home, header);
    case 'onDeployed':
      checkFence(home, header, fenceStep);
      return onDeployed(home, header, commands);
    case 'rollback': {
      const finished = finishedResult(home, header);
      if (finished !== null) return finished;
      checkFence(home, header, fenceStep);
      return rollback(home, header, replaces);
    }
    case 'deploy':
    case 'validate':
      throw new CertferryError('JobUnreadable', `a ${header.action} job must be sealed`);
  }
}

function finishedResult(home: Home, header: JobHeader): AgentLine | null {
  return finishedLine(readReceipt(home, header.targetId, header.deploymentId), header);
}

/** Refusals before the recovery of an earlier job. */
const changesNothing: ReadonlySet<string> = new Set(['HostBusy', 'JobReplayed']);

/**
 * The result of a job that threw an error. A refusal is a normal outcome. An unexpected error may leave a partial change,
 * which is reversed first.
 */
async function resultOfError(home: Home, header: JobHeader, error: unknown): Promise<AgentLine> {
  if (isCertferryError(error) && changesNothing.has(error.name)) return rejected(header, error);
  const recovered = await recover(home, unlessDiskFails);
  if (recovered !== null && recovered.failure !== null) return recovered.failure;
  const recovery = recovered?.recovery;
  const isReversed = recovery?.deploymentId === header.deploymentId && recovery.outcome !== 'completed';
  const finished =
    header.action === 'undo' || isReversed ? null : readReceipt(home, header.targetId, header.deploymentId);
  // the deployment had finished, and only cleaning up failed
  if (finished?.fence === header.fence && !finished.undone) return finished.line;
  if (isCertferryError(error)) {
    return rejected(header, recovery?.outcome === 'restored' ? reversedError(error) : error);
  }
  return rejected(
    header,
    new CertferryError(
      'StagingFailed',
      `the job failed and all its changes were reversed: ${messageOf(error)}`,
    ),
  );
}

function reversedError({ name, message }: CertferryError): CertferryError {
  return new CertferryError(name, `${message}; all changes of this job were reversed`);
}

/** Inside the sandbox of a rehearsal, this file is the client that probes the daemon. */
async function probeInSandbox(request: string): Promise<never> {
  const { probeSandbox } = await import('./validation/sandbox-probe.ts');
  await probeSandbox(request);
  process.exit(0);
}

const [, , role, request = ''] = process.argv;
printResult(role === 'probe-sandbox' ? probeInSandbox(request) : main());
