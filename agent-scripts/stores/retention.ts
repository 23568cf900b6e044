import { maximumReceipts, rollbackReceipts } from '../journal/receipt-rules.ts';
import { errorOfConnector } from './open-store.ts';
import type { Store } from './store.ts';
import type { StoreReceipt } from './store-home.ts';
import { planOf, type StoreRun } from './store-run.ts';

const defaultRetention = 3;

/** The receipts whose plan a rollback can still use, or an operator after a failed one. */
export function keptReceipts({ job }: StoreRun, receipts: readonly StoreReceipt[]): readonly StoreReceipt[] {
  const { backupRetention } = job.target.config as { readonly backupRetention?: unknown };
  const retention = typeof backupRetention === 'number' ? backupRetention : defaultRetention;
  const kept = rollbackReceipts(receipts, retention);
  return receipts.filter((receipt) => kept.has(receipt) || receipt.line.outcome === 'rollback_failed');
}

/**
 * Removes old receipts, and lets the connector remove what no receipt needs. Does not affect the result of the deployment: a
 * failure becomes a warning, and the next deployment repeats it.
 */
export async function collectOld(run: StoreRun, store: Store<unknown>): Promise<string[]> {
  try {
    const receipts = await run.home.receipts();
    const kept = keptReceipts(run, receipts);
    for (const receipt of receipts.slice(maximumReceipts)) {
      if (!kept.includes(receipt)) await run.home.removeReceipt(receipt.line.deploymentId);
    }
    await store.collect(plansOf(run, kept));
    return [];
  } catch (error) {
    const { message } = errorOfConnector(error);
    return [
      `objects of earlier deployments could not be removed from the store (${message}); the next deployment removes them`,
    ];
  }
}

function plansOf(run: StoreRun, receipts: readonly StoreReceipt[]): unknown[] {
  return receipts.flatMap(({ change }) => (change === null ? [] : [planOf(run, change)]));
}
