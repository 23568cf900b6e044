import type { AgentLine } from '../../core/deployment/agent-line.ts';
import { CertferryError } from '../../core/errors.ts';
import { installedReceipt, mayReplace, receiptOf, replacedOrigin } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { installVersion } from './install-version.ts';
import { withStore } from './open-store.ts';
import { recordResult } from './record-result.ts';
import { isSameVersion, versionText } from './restore-change.ts';
import { keptReceipts } from './retention.ts';
import { observeFromHere } from './served-from-here.ts';
import type { Desired } from './store.ts';
import type { StoreChange, StoreReceipt } from './store-home.ts';
import { changeOf, planOf, type StoreRun } from './store-run.ts';

/**
 * Job `rollback`: installs the previous version as a deployment of its own, with the same checks, journal and undo as any other. With
 * `replaces`, changes nothing if another version is installed, or if a different rollout has installed this version.
 * @throws CertferryError NoReceipt if there is no previous version, or only the installed one
 */
export async function rollBackStore(run: StoreRun): Promise<AgentLine> {
  const { header, target, replaces } = run.job;
  const receipts = await run.home.receipts();
  const installed = installedReceipt(receipts);
  if (replaces !== undefined && installed !== null && !mayReplace(installed, header, replaces)) {
    return reportUntouched(run, installed, receipts);
  }
  const origin = originOfInstalled(run, receipts, installed);
  const observed = observeFromHere(target.verify);
  return withStore(run, run.deadlines.change, async (store) => {
    const { version: current } = await store.observe();
    const expected = installed?.line.version ?? null;
    if (current !== null && !isSameVersion(current, expected)) {
      throw noPreviousVersion(
        run,
        `the store has ${versionText(current)}, which another program has installed after ${versionText(expected)}`,
      );
    }
    const desired: Desired<unknown> = { kind: 'previous', of: planOf(run, origin) };
    const planned = await store.plan(desired);
    const change = changeOf(run, planned, origin.previousVersion);
    return installVersion(run, store, {
      desired,
      planned,
      change,
      receipts,
      origin: replacedOrigin(receipts, origin.deploymentId),
      baseline: await observed,
    });
  });
}

/** The change that first installed the present version. */
function originOfInstalled(
  run: StoreRun,
  receipts: readonly StoreReceipt[],
  installed: StoreReceipt | null,
): StoreChange {
  const receipt = receiptOf(receipts, installed?.origin);
  const change = receipt?.change ?? null;
  if (receipt === null || change === null) {
    throw noPreviousVersion(run, 'it has no receipt of the installed deployment');
  }
  if (!keptReceipts(run, receipts).includes(receipt)) {
    throw noPreviousVersion(
      run,
      `what deployment ${change.deploymentId} replaced is no longer kept (see backupRetention)`,
    );
  }
  if (change.previousVersion === null) {
    throw noPreviousVersion(run, 'the store had no readable certificate before the installed deployment');
  }
  if (isSameVersion(change.previousVersion, installed?.line.version ?? null)) {
    throw noPreviousVersion(run, 'the store had the same version before the installed deployment');
  }
  return change;
}

async function reportUntouched(
  run: StoreRun,
  { line: { version }, origin }: StoreReceipt,
  receipts: readonly StoreReceipt[],
): Promise<AgentLine> {
  const line = resultLine(run.job.header, {
    outcome: 'unchanged',
    summary: 'the installed version is not the one to roll back; nothing was changed',
    version,
    previousVersion: version,
    validatedIn: 'none',
  });
  await recordResult(run, line, { change: null, receipts, origin });
  return line;
}

function noPreviousVersion({ job: { target } }: StoreRun, why: string): CertferryError {
  return new CertferryError(
    'NoReceipt',
    `the agent has no previous version of ${target.id}: ${why}; deploy the version that you need instead`,
    { details: { targetId: target.id } },
  );
}
