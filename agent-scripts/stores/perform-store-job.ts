import type { AgentLine, Recovery } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { diskProblem } from '../host/disk-space.ts';
import { judgeFence, refuseExpired } from '../journal/fence.ts';
import { finishedLine, receiptOf } from '../journal/receipt-rules.ts';
import { rejected } from '../journal/result-line.ts';
import { deployToStore } from './deploy-to-store.ts';
import { inspectStore } from './inspect-store.ts';
import { takenOver } from './install-version.ts';
import { recoverChange } from './recover-change.ts';
import { rememberingKeys, rememberSecretsOf } from './remember-secrets.ts';
import { rollBackStore } from './roll-back-store.ts';
import type { StoreHome } from './store-home.ts';
import {
  type AnyStoreTarget,
  type StoreDeadlines,
  type StoreJob,
  type StoreRun,
  storeDeadlines,
} from './store-run.ts';
import { storeConnectorOf } from './stores.ts';
import { undoStoreChange } from './undo-store-change.ts';

/**
 * Performs one job for a target in a store. It refuses a fence out of range, restores what an interrupted run left, and refuses an
 * expired job. A repeated job gets its first result again. Every refusal is a `rejected` line.
 *
 * Throws only if the home fails so that no outcome is certain. The next job of the target then finds the journal.
 */
export async function performStoreJob(
  home: StoreHome,
  job: StoreJob,
  deadlines: StoreDeadlines = storeDeadlines,
): Promise<AgentLine> {
  rememberSecretsOf(job);
  const target: AnyStoreTarget = job.target;
  const connector = await storeConnectorOf(target.kind).catch((error: unknown) => ({ error }));
  if ('error' in connector) return refused(job.header, connector.error);
  const known = { ...job, target, previous: rememberingKeys(job.previous) };
  return performRecovered({ home, job: known, connector, deadlines });
}

/** The result of a job that has changed nothing. */
const refused = (header: JobHeader, error: unknown): AgentLine =>
  rejected(header, isCertferryError(error) ? error : unexpected(error));

async function performRecovered(run: StoreRun): Promise<AgentLine> {
  const before = await recoverBefore(run);
  if (before.refused !== null) return before.refused;
  const recovered = (line: AgentLine): AgentLine => ({ ...line, recovered: before.recovery });
  try {
    return recovered(await perform(run));
  } catch (error) {
    return recovered(await resultOfError(run, error, before.recovery));
  }
}

/** `refused`: the result of a job that must not start. */
interface BeforeJob {
  readonly recovery: Recovery | null;
  readonly refused: AgentLine | null;
}

async function recoverBefore(run: StoreRun): Promise<BeforeJob> {
  const { header } = run.job;
  try {
    await refuseFence(run);
    const { recovery = null, failure = null } = (await recoverChange(run)) ?? {};
    const isBlocked = failure !== null && header.action !== 'inspect';
    return { recovery, refused: isBlocked ? { ...blockedLine(run, failure), recovered: recovery } : null };
  } catch (error) {
    // the outcome of an interrupted deployment must not be reported as a refusal
    if (!isOfFence(error) && (await isOpen(run))) throw error;
    return { recovery: null, refused: refused(header, error) };
  }
}

const isOfFence = (error: unknown): boolean =>
  isCertferryError(error) && ['StaleFence', 'FenceTooHigh'].includes(error.name);

/** Whether the journal is of the deployment that the job names. */
async function isOpen({ home, job }: StoreRun): Promise<boolean> {
  return (await home.readJournal())?.change.deploymentId === job.header.deploymentId;
}

/** The store is in an unknown state, which a later job can still repair. */
function blockedLine({ job: { header } }: StoreRun, failure: AgentLine): AgentLine {
  if (failure.deploymentId === header.deploymentId) return failure;
  const line = rejected(
    header,
    new CertferryError(
      'RestoreFailed',
      `this job changed nothing, because the interrupted deployment ${failure.deploymentId} must be rolled back first: ${failure.summary}`,
    ),
  );
  return { ...line, repair: failure.repair };
}

/** A job that ended before gets its result, also after a later one. */
async function refuseFence({ home, job: { header, fenceStep } }: StoreRun): Promise<void> {
  if (header.action === 'inspect') return;
  if (header.action !== 'undo' && receiptOf(await home.receipts(), header.deploymentId) !== null) return;
  const range = { highest: await home.readFence(), maximumStep: fenceStep };
  judgeFence(header, { ...range, reset: 'reset the fence in the records of the agent' });
}

async function perform(run: StoreRun): Promise<AgentLine> {
  const { home, job } = run;
  const { header } = job;
  refuseExpired(header, new Date());
  if (header.action === 'inspect') return inspectStore(run);
  if (header.action === 'deploy' || header.action === 'rollback') {
    const finished = finishedLine(receiptOf(await home.receipts(), header.deploymentId), header);
    if (finished !== null) return finished;
  }
  if (header.fence > (await home.readFence())) await home.writeFence(header.fence);
  switch (header.action) {
    case 'deploy':
    case 'validate':
      if (job.bundle === null) throw new CertferryError('JobUnreadable', 'the job has no bundle');
      return deployToStore(run, job.bundle);
    case 'rollback':
      return rollBackStore(run);
    case 'undo':
      return undoStoreChange(run);
    case 'enroll':
    case 'onDeployed':
      throw new CertferryError('JobUnreadable', `a store cannot perform the job ${header.action}`);
  }
}

/**
 * The result of a job that threw an error. A refusal is a normal outcome. An error after the journal was written leaves a partial
 * change, which is restored first. If that is impossible, the error is thrown: no outcome is certain.
 */
async function resultOfError(run: StoreRun, error: unknown, earlier: Recovery | null): Promise<AgentLine> {
  const { header } = run.job;
  const known = isCertferryError(error) ? error : unexpected(error);
  if (takenOver.has(known.name)) return rejected(header, known);
  if (!(await isOpen(run))) return (await finishedResult(run)) ?? rejected(header, known);
  if (earlier?.deploymentId === header.deploymentId && earlier.outcome === 'rollback_failed')
    return rejected(header, known);
  const recovered = await recoverChange(run);
  if (recovered?.failure != null) return recovered.failure;
  const finished = recovered?.recovery.outcome === 'completed' ? await finishedResult(run) : null;
  if (finished !== null) return finished;
  return rejected(
    header,
    new CertferryError(known.name, `${known.message}; all changes of this job were reversed`),
  );
}

/** The result of a deployment that had finished: only cleaning up failed. */
async function finishedResult({ home, job: { header } }: StoreRun): Promise<AgentLine | null> {
  if (header.action !== 'deploy' && header.action !== 'rollback') return null;
  const receipt = receiptOf(await home.receipts(), header.deploymentId);
  return receipt?.fence === header.fence ? receipt.line : null;
}

function unexpected(error: unknown): CertferryError {
  const message = error instanceof Error ? error.message : String(error);
  const problem = diskProblem(error);
  return new CertferryError(
    'StagingFailed',
    `the job failed: ${problem === null ? message : `${problem} (${message})`}`,
    { cause: error },
  );
}
