import type { AgentLine, Recovery } from '../../core/deployment/agent-line.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { diskProblem } from '../host/disk-space.ts';
import { judgeFence, refuseExpired } from '../journal/fence.ts';
import { finishedLine, receiptOf } from '../journal/receipt-rules.ts';
import { rejected } from '../journal/result-line.ts';
import { deployToStore } from './deploy-to-store.ts';
import { inspectStore } from './inspect-store.ts';
import { recoverChange } from './recover-change.ts';
import { rememberingKeys, rememberSecretsOf } from './remember-secrets.ts';
import { rollBackStore } from './roll-back-store.ts';
import type { StoreHome } from './store-home.ts';
import { type StoreDeadlines, type StoreJob, type StoreRun, storeDeadlines } from './store-run.ts';
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
  const { header } = job;
  try {
    rememberSecretsOf(job);
    const connector = await storeConnectorOf((job.target as StoreRun['job']['target']).kind);
    const known = { ...job, previous: rememberingKeys(job.previous) };
    return await performRecovered({ home, job: known, connector, deadlines });
  } catch (error) {
    if (isCertferryError(error)) return rejected(header, error);
    throw error;
  }
}

async function performRecovered(run: StoreRun): Promise<AgentLine> {
  await refuseFence(run);
  const { recovery = null, failure = null } = (await recoverChange(run)) ?? {};
  const recovered = (line: AgentLine): AgentLine => ({ ...line, recovered: recovery });
  if (failure !== null && run.job.header.action !== 'inspect') {
    return recovered(blockedLine(run, failure));
  }
  try {
    return recovered(await perform(run));
  } catch (error) {
    return recovered(await resultOfError(run, error, recovery));
  }
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
      throw new CertferryError('JobUnreadable', 'a store has no key to enroll');
  }
}

/**
 * The result of a job that threw an error. A refusal is a normal outcome. An error after the journal was written leaves a partial
 * change, which is restored first. If that is impossible, the error is thrown: no outcome is certain.
 */
async function resultOfError(run: StoreRun, error: unknown, earlier: Recovery | null): Promise<AgentLine> {
  const { home, job } = run;
  const { header } = job;
  const known = isCertferryError(error) ? error : unexpected(error);
  if (known.name === 'StaleFence') return rejected(header, known);
  if ((await home.readJournal())?.change.deploymentId !== header.deploymentId) return rejected(header, known);
  if (earlier?.deploymentId === header.deploymentId && earlier.outcome === 'rollback_failed')
    return rejected(header, known);
  const recovered = await recoverChange(run);
  if (recovered?.failure != null) return recovered.failure;
  const finished = receiptOf(await home.receipts(), header.deploymentId);
  // the deployment had finished, and only cleaning up failed
  if (
    header.action !== 'undo' &&
    finished?.fence === header.fence &&
    recovered?.recovery.outcome === 'completed'
  )
    return finished.line;
  return rejected(
    header,
    new CertferryError(known.name, `${known.message}; all changes of this job were reversed`),
  );
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
