import { type AgentLine, unreadJob } from '../core/deployment/agent-line.ts';
import { CertferryError, isCertferryError } from '../core/errors.ts';
import { type ReadJob, readJob } from '../core/seal/job-text.ts';
import { type VerifiedJob, verifyJob } from '../core/seal/verify-job.ts';
import { type AgentEnvironment, takeEnvironment } from './host/agent-environment.ts';
import { diskProblem } from './host/disk-space.ts';
import { lockWaitAfter } from './host/locks.ts';
import { presentableOutput } from './host/presentable-output.ts';
import { releaseIfLow } from './host/space-reserve.ts';
import { lockTrustedHome } from './host/trusted-home.ts';
import { rejected } from './journal/result-line.ts';

/** A job with a valid signature. The host lock is held. */
export interface StartedJob {
  readonly environment: AgentEnvironment;
  readonly verified: VerifiedJob;
  readonly job: ReadJob;
}

/** Reads the environment that bootstrap.sh has set. */
export function startedEnvironment(): AgentEnvironment {
  // bootstrap.sh sets 077, which a daemon started by a reload must not inherit
  process.umask(0o022);
  return takeEnvironment();
}

/**
 * Verifies the signature of the job, reads it, checks the agent's folder and acquires the host lock. Then performs it.
 * @throws Error if the job has no result
 */
export async function performSigned(
  environment: AgentEnvironment,
  perform: (started: StartedJob) => Promise<AgentLine>,
): Promise<AgentLine> {
  const { home, job: text, jobKeys: keys, host, fetchSeconds } = environment;
  const verified = await verifyJob(text, { keys, host }).catch(unsigned);
  if ('outcome' in verified) return verified;
  const job = readJob(verified.text);
  const header = job.sealed ? job.header : job.job.header;
  try {
    lockTrustedHome(home, lockWaitAfter(fetchSeconds));
  } catch (error) {
    // no recovery: another user may have written the journal, or another agent is using it
    return rejected(header, unchangedError(error));
  }
  try {
    return await perform({ environment, verified, job });
  } finally {
    releaseIfLow(home);
  }
}

function unsigned(error: unknown): AgentLine {
  if (isCertferryError(error) && error.name === 'JobUnsigned') return rejected(unreadJob, error);
  throw error;
}

function unchangedError(error: unknown): CertferryError {
  if (isCertferryError(error)) return error;
  return new CertferryError(
    'StagingFailed',
    `the job did not start, and nothing was changed: ${messageOf(error)}`,
  );
}

/** The message of an error, with the problem of the disk if that is the cause. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const problem = diskProblem(error);
  return problem === null ? message : `${problem} (${message})`;
}

/** Prints the result as one line of JSON and exits with 0. Without a result, prints the reason and exits with 1. */
export function printResult(result: Promise<AgentLine>): void {
  result.then(
    (line) => {
      process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0));
    },
    (error: unknown) => {
      process.stderr.write(
        `certferry agent: ${presentableOutput(error instanceof Error ? error.message : String(error), 'start')}\n`,
        () => process.exit(1),
      );
    },
  );
}
