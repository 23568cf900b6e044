import type { AgentLine, Recovery } from '../../core/deployment/agent-line.ts';
import { receiptOf } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { restoreChange, type StoreRestore } from './restore-change.ts';
import type { StoreChange, StoreJournal, StoreReceipt } from './store-home.ts';
import type { StoreRun } from './store-run.ts';

/**
 * What `recoverChange` did. `failure`: the result of a deployment whose previous version could not be restored. Its journal stays
 * open, and no other job may change the store.
 */
export interface RecoveredStore {
  readonly recovery: Recovery;
  readonly failure: AgentLine | null;
}

/**
 * Reverses or completes the change of an interrupted run, before any other job of this target. Null if there is nothing to
 * recover.
 */
export async function recoverChange(run: StoreRun): Promise<RecoveredStore | null> {
  const journal = await run.home.readJournal();
  if (journal === null) return null;
  const { change } = journal;
  const receipt = receiptOf(await run.home.receipts(), change.deploymentId);
  if (isComplete(journal, receipt)) {
    await run.home.closeJournal();
    return { recovery: recoveryOf(change, 'completed'), failure: null };
  }
  const restored = await restoreChange(run, change, receipt?.line.repair ?? null);
  if (restored.kind === 'failed') return recordFailure(run, { change, receipt, restored });
  await run.home.writeReceipt(reversedReceipt(change, receipt, restored));
  await run.home.closeJournal();
  return {
    recovery: recoveryOf(change, restored.kind === 'foreign' ? 'cleaned' : 'restored'),
    failure: null,
  };
}

/** Whether the receipt shows that only the journal remained to be closed. */
function isComplete({ phase }: StoreJournal, receipt: StoreReceipt | null): boolean {
  if (receipt === null || receipt.line.outcome === 'rollback_failed') return false;
  return phase === 'applying' || receipt.undone || receipt.line.outcome !== 'applied';
}

const recoveryOf = ({ deploymentId, targetId }: StoreChange, outcome: Recovery['outcome']): Recovery => ({
  deploymentId,
  targetId,
  outcome,
});

type Reversed = Exclude<StoreRestore, { readonly kind: 'failed' }>;

/** The receipt of a reversed deployment, so that an inspect job gets this answer and not silence. */
function reversedReceipt(
  change: StoreChange,
  receipt: StoreReceipt | null,
  restored: Reversed,
): StoreReceipt {
  if (receipt?.line.outcome === 'applied') return { ...receipt, undone: true };
  const isForeign = restored.kind === 'foreign';
  const line = resultLine(change, {
    outcome: isForeign ? 'rejected' : 'restored',
    summary: isForeign
      ? `the agent was interrupted, and another program has changed the store since: ${restored.why}`
      : 'the agent was interrupted, and the next job has restored the previous version',
    reason: 'Interrupted',
    version: isForeign ? restored.version : change.previousVersion,
    previousVersion: change.previousVersion,
  });
  return {
    v: 1,
    line,
    fence: change.fence,
    change: null,
    undone: false,
    replacedDeployment: null,
    origin: change.deploymentId,
  };
}

interface FailedRecovery {
  readonly change: StoreChange;
  readonly receipt: StoreReceipt | null;
  readonly restored: Extract<StoreRestore, { readonly kind: 'failed' }>;
}

/** The journal stays, so that the next job restores first. It is closed only if no attempt can succeed. */
async function recordFailure(
  { home }: StoreRun,
  { change, receipt, restored }: FailedRecovery,
): Promise<RecoveredStore> {
  const line = resultLine(change, {
    outcome: 'rollback_failed',
    summary: `the run was interrupted, and its rollback failed: ${restored.why}`,
    reason: restored.reason,
    previousVersion: change.previousVersion,
    repair: restored.repair,
  });
  await home.writeReceipt({
    v: 1,
    line,
    fence: change.fence,
    change,
    undone: true,
    replacedDeployment: receipt?.replacedDeployment ?? null,
    origin: change.deploymentId,
  });
  if (restored.final) await home.closeJournal();
  return { recovery: recoveryOf(change, 'rollback_failed'), failure: restored.final ? null : line };
}
