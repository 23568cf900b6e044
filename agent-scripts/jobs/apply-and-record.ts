import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { type ApplyResult, applyChange } from '../apply/apply-change.ts';
import { servedLocally, workersToReplace } from '../apply/served-locally.ts';
import type { Change } from '../change/change.ts';
import type { PlannedChange } from '../change/plan.ts';
import { removeStaged } from '../files/restore.ts';
import type { Home } from '../host/home.ts';
import { closeJournal } from '../journal/journal.ts';
import { pruneReceipts, receiptsOf, writeReceipt } from '../journal/receipt.ts';
import { installedReceipt } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';

/**
 * Applies a planned change, waits briefly until the daemon serves it, and replaces the journal by a receipt. The receipt
 * comes first: if the agent is killed between the two, recovery finds the receipt. `origin`: see `Receipt`.
 */
export async function applyAndRecord(
  home: Home,
  header: JobHeader,
  planned: PlannedChange,
  origin: string,
): Promise<AgentLine> {
  const { change } = planned;
  const oldWorkers = workersToReplace(change);
  const result = await applyChange(home, planned, header.action === 'validate');
  const served =
    result.outcome === 'applied' ? await servedLocally(change, change.version, oldWorkers) : null;
  const line = lineOf(header, planned, result, served);
  if (header.action === 'validate') return line;
  const replaced = installedReceipt(receiptsOf(home, header.targetId));
  const hasChanged = ['applied', 'rollback_failed'].includes(result.outcome);
  writeReceipt(home, {
    v: 1,
    line,
    fence: header.fence,
    change: hasChanged ? change : null,
    undone: false,
    replacedDeployment: replaced?.line.deploymentId ?? null,
    origin,
    rollout: header.rollout ?? null,
  });
  removeStaged(change);
  closeJournal(home);
  pruneReceipts(home, header.targetId, change.backupRetention);
  return line;
}

function lineOf(
  header: JobHeader,
  { change, warnings, baseline = null }: PlannedChange,
  result: ApplyResult,
  served: boolean | null,
): AgentLine {
  return resultLine(header, {
    outcome: result.outcome,
    summary: result.summary,
    reason: result.reason ?? null,
    version: hasNewVersion(change, result) ? change.version : change.previousVersion,
    previousVersion: change.previousVersion,
    warnings: [...warnings, ...result.warnings],
    validatedIn: result.validatedIn,
    served,
    repair: result.repair,
    ...(baseline !== null && { baseline }),
    ...(change.inPlace !== undefined && { inPlace: true }),
  });
}

/** Whether the live files have the new version afterwards. In place they have it unless the previous one was restored. */
function hasNewVersion({ inPlace }: Change, { outcome }: ApplyResult): boolean {
  if (inPlace === undefined) return outcome === 'applied';
  return inPlace === 'unknown' || !['reload_failed', 'rollback_failed'].includes(outcome);
}
