import type { AgentLine } from '../../core/deployment/agent-line.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { installedReceipt, isInstalled, receiptOf } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { installedVersion } from './inspect-store.ts';
import { withStore } from './open-store.ts';
import { restoreChange, type StoreRestore } from './restore-change.ts';
import { collectOld } from './retention.ts';
import { servedFromHere } from './served-from-here.ts';
import type { StoreChange, StoreReceipt } from './store-home.ts';
import type { StoreRun } from './store-run.ts';

/**
 * Job `undo`: reverses the deployment that the header names. A repeated job, or one for a deployment that changed nothing, has
 * the same outcome and changes nothing.
 * @throws CertferryError StaleFence if a later deployment has replaced this one
 */
export async function undoStoreChange(run: StoreRun): Promise<AgentLine> {
  const { header } = run.job;
  const receipts = await run.home.receipts();
  const receipt = receiptOf(receipts, header.deploymentId);
  if (receipt?.line.outcome === 'rollback_failed') return receipt.line;
  if (receipt === null || receipt.change === null || !isInstalled(receipt)) {
    return restoredLine(run, {
      summary: 'nothing to roll back: this deployment has installed nothing',
      version: await installedVersion(run),
    });
  }
  const installed = installedReceipt(receipts);
  if (installed !== null && installed !== receipt) throw replacedError(run, installed);
  return undoDeployment(run, receipt, receipt.change);
}

async function undoDeployment(run: StoreRun, receipt: StoreReceipt, change: StoreChange): Promise<AgentLine> {
  await run.home.writeJournal({ v: 1, phase: 'undoing', change });
  const restored = await restoreChange(run, change, null);
  if (restored.kind !== 'restored') return recordUnrestored(run, receipt, restored);
  await run.home.writeReceipt({ ...receipt, undone: true });
  await run.home.closeJournal();
  const warnings = await collectAfterUndo(run);
  return restoredLine(run, {
    summary: 'the store has its previous version again',
    version: change.previousVersion,
    warnings,
    served: await servedFromHere(change.verify, change.previousVersion),
  });
}

function restoredLine(run: StoreRun, fields: Pick<AgentLine, 'summary'> & Partial<AgentLine>): AgentLine {
  return resultLine(run.job.header, { ...fields, outcome: 'restored' });
}

async function recordUnrestored(
  run: StoreRun,
  receipt: StoreReceipt,
  restored: Exclude<StoreRestore, { readonly kind: 'restored' }>,
): Promise<AgentLine> {
  const isForeign = restored.kind === 'foreign';
  const line = resultLine(run.job.header, {
    outcome: 'rollback_failed',
    summary: isForeign
      ? `nothing was restored, because another program has changed the store, and its version remains: ${restored.why}`
      : `rollback failed: ${restored.why}`,
    reason: isForeign ? 'StoreConflict' : restored.reason,
    version: isForeign ? restored.version : null,
    previousVersion: receipt.line.previousVersion,
    repair: isForeign ? null : restored.repair,
  });
  await run.home.writeReceipt({ ...receipt, line, undone: true });
  if (isForeign || restored.final) await run.home.closeJournal();
  return line;
}

/** With a connection of its own, after the outcome is recorded. */
async function collectAfterUndo(run: StoreRun): Promise<string[]> {
  try {
    return await withStore(run, run.deadlines.restore, (store) => collectOld(run, store));
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    return [`objects of the reversed deployment may remain in the store: ${error.message}`];
  }
}

function replacedError({ job: { header } }: StoreRun, installed: StoreReceipt): CertferryError {
  return new CertferryError(
    'StaleFence',
    `deployment ${header.deploymentId} cannot be rolled back: ${installed.line.deploymentId} has replaced it in the store`,
    { details: { installed: installed.line.deploymentId } },
  );
}
