import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { type ApplyResult, applyChange } from '../apply/apply-change.ts';
import { servedLocally, workersToReplace } from '../apply/served-locally.ts';
import type { PlannedChange } from '../change/plan.ts';
import { removeStaged } from '../files/restore.ts';
import type { Home } from '../host/home.ts';
import { closeJournal } from '../journal/journal.ts';
import { installedReceipt, pruneReceipts, receiptsOf, writeReceipt } from '../journal/receipt.ts';

/**
 * Applies a planned change, waits for the daemon to serve it, and closes the journal into a receipt. The receipt
 * comes first: a death between the two is told from the receipt that is already there. `origin` is the deployment that
 * first brought this version (see `Receipt`).
 */
export async function applyAndRecord(
  home: Home,
  header: JobHeader,
  planned: PlannedChange,
  origin: string,
): Promise<AgentLine> {
  const { change } = planned;
  const before = workersToReplace(change);
  const applied = await applyChange(home, planned, header.action === 'validate');
  const served = applied.outcome === 'applied' ? await servedLocally(change, change.version, before) : null;
  const line = lineOf(header, planned, applied, served);
  if (header.action === 'validate') return line;
  const replacedDeployment = installedReceipt(receiptsOf(home, header.targetId))?.line.deploymentId ?? null;
  const changed = ['applied', 'rollback_failed'].includes(applied.outcome) ? change : null;
  writeReceipt(home, {
    v: 1,
    line,
    fence: header.fence,
    change: changed,
    undone: false,
    replacedDeployment,
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
  { change, warnings }: PlannedChange,
  applied: ApplyResult,
  served: boolean | null,
): AgentLine {
  const isNew = applied.outcome === 'applied';
  return agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: applied.outcome,
    summary: applied.summary,
    version: isNew ? change.version : change.previousVersion,
    previousVersion: change.previousVersion,
    warnings: [...warnings, ...applied.warnings],
    validatedIn: applied.validatedIn,
    served,
    repair: applied.repair,
  });
}
