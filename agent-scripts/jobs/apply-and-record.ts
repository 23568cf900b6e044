import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { type Applied, applyChange } from '../apply/apply.ts';
import type { Home } from '../apply/home.ts';
import { closeJournal } from '../apply/journal.ts';
import type { PlannedChange } from '../apply/plan.ts';
import { installedReceipt, pruneReceipts, receiptsOf, writeReceipt } from '../apply/receipt.ts';
import { removeStaged } from '../apply/restore.ts';
import { seenHere, workersBefore } from '../apply/seen-here.ts';

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
  const before = workersBefore(change);
  const applied = await applyChange(home, planned, header.action === 'validate');
  const served = applied.outcome === 'applied' ? await seenHere(change, change.version, before) : null;
  const line = lineOf(header, planned, applied, served);
  if (header.action === 'validate') return line;
  const installedBefore = installedReceipt(receiptsOf(home, header.targetId))?.line.deploymentId ?? null;
  const changed = ['applied', 'rollback_failed'].includes(applied.outcome) ? change : null;
  writeReceipt(home, {
    v: 1,
    line,
    fence: header.fence,
    change: changed,
    undone: false,
    installedBefore,
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
  applied: Applied,
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
