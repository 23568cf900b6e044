import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { isCertferryError } from '../../core/errors.ts';
import { installedReceipt, isReversed, receiptOf } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { withStore } from './open-store.ts';
import type { StoreRun } from './store-run.ts';

/**
 * Job `inspect`: returns how the deployment in the header ended. `restored`: its change was reversed. `NotPerformed`: there is no
 * receipt of it. The answer is then recorded as the receipt, so that the job of the deployment cannot change anything any more if
 * it arrives late.
 */
export async function inspectStore(run: StoreRun): Promise<AgentLine> {
  const { header } = run.job;
  const receipt = receiptOf(await run.home.receipts(), header.deploymentId);
  if (receipt === null) return settleUnperformed(run);
  if (!isReversed(receipt)) return receipt.line;
  return resultLine(header, {
    outcome: 'restored',
    summary: 'the previous version of this deployment was already restored',
    version: await installedVersion(run),
  });
}

async function settleUnperformed(run: StoreRun): Promise<AgentLine> {
  const { header } = run.job;
  const line = resultLine(header, {
    outcome: 'rejected',
    summary: 'the agent has no record of this deployment, so it did not change the store',
    reason: 'NotPerformed',
    version: await installedVersion(run),
  });
  await run.home.writeReceipt({
    v: 1,
    line,
    fence: header.fence,
    change: null,
    undone: false,
    replacedDeployment: null,
    origin: header.deploymentId,
  });
  return line;
}

/** The version in the store. If the store does not answer, that of the latest receipt. */
export async function installedVersion(run: StoreRun): Promise<VersionFacts | null> {
  try {
    return await withStore(run, run.deadlines.restore, async (store) => (await store.observe()).version);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    return installedReceipt(await run.home.receipts())?.line.version ?? null;
  }
}
