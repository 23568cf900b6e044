import { existsSync, readdirSync, statSync } from 'node:fs';
import * as z from 'zod/mini';
import { AgentLine } from '../../core/deployment/agent-line.ts';
import { withBackupsIn } from '../change/backups-in-home.ts';
import { Change } from '../change/change.ts';
import { removeIfExists } from '../host/durable-files.ts';
import type { Home, TargetHome } from '../host/home.ts';
import { readRecord } from '../host/read-record.ts';
import { privateFolderIn, writeRecord } from '../host/space-reserve.ts';
import { maximumReceipts, rollbackReceipts } from './receipt-rules.ts';

/**
 * The record of a finished deployment on this host. The agent returns `line` again if the job is repeated, and uses
 * `change` to undo or roll back.
 *
 * - `change`: null if the deployment changed no file.
 * - `replacedDeployment`: the deployment whose files this one replaced.
 * - `origin`: the deployment that first installed this version. It differs from this one after a rollback. The previous
 *   version is what the origin replaced.
 * - `rollout`: the rollout of the deployment, null if there is none. Missing if it is unknown.
 */
export const Receipt = z.strictObject({
  v: z.literal(1),
  line: AgentLine,
  fence: z.int(),
  change: z.nullable(Change),
  undone: z.boolean(),
  replacedDeployment: z.nullable(z.string()),
  origin: z.string(),
  rollout: z.optional(z.nullable(z.string())),
});
export type Receipt = z.infer<typeof Receipt>;

/** Writes a receipt durably. */
export function writeReceipt(home: Home, receipt: Receipt): void {
  const target = home.target(receipt.line.targetId);
  privateFolderIn(home, target.receipts);
  writeRecord(home, target.receipt(receipt.line.deploymentId), JSON.stringify(receipt));
}

/** The receipt of a deployment. Null if the deployment did not finish on this host. */
export function readReceipt(home: Home, targetId: string, deploymentId: string): Receipt | null {
  const path = home.target(targetId).receipt(deploymentId);
  const receipt = readRecord(path, Receipt, 'remove it; this deployment then cannot be rolled back');
  if (receipt === null) return null;
  return { ...receipt, change: receipt.change === null ? null : withBackupsIn(home, receipt.change) };
}

/** All receipts of a target, sorted by descending fence. */
export function receiptsOf(home: Home, targetId: string): Receipt[] {
  const folder = home.target(targetId).receipts;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readReceipt(home, targetId, name.slice(0, -'.json'.length)))
    .filter((receipt) => receipt !== null)
    .sort((one, other) => other.fence - one.fence);
}

/**
 * Removes old receipts, backups beyond the target's retention, and backups of undone changes. Always keeps the backups of
 * the installed deployment and of the first one with its version, and those of a failed rollback, which an operator needs.
 */
export function pruneReceipts(home: Home, targetId: string, backupRetention: number): void {
  try {
    prune(home, targetId, backupRetention);
  } catch {
    // does not affect the result of the deployment; the next one retries
  }
}

function prune(home: Home, targetId: string, backupRetention: number): void {
  const target = home.target(targetId);
  const receipts = receiptsOf(home, targetId);
  const kept = rollbackReceipts(receipts, backupRetention);
  for (const [index, receipt] of receipts.entries()) {
    if (receipt.line.outcome === 'rollback_failed' || kept.has(receipt)) continue;
    removeIfExists(target.backups(receipt.line.deploymentId));
    if (index >= maximumReceipts) removeIfExists(target.receipt(receipt.line.deploymentId));
  }
  pruneCopies(home.target(targetId), new Set([...kept].map(({ line }) => line.deploymentId)));
}

/** Besides the installed copies, keeps the latest others: after a rollback in place they are all that is left of a version. */
function pruneCopies({ allCopies, copies }: TargetHome, installed: ReadonlySet<string>): void {
  if (!existsSync(allCopies)) return;
  const others = readdirSync(allCopies).filter((deploymentId) => !installed.has(deploymentId));
  const byAge = others
    .map((deploymentId) => ({ deploymentId, age: statSync(copies(deploymentId)).mtimeMs }))
    .sort((one, other) => other.age - one.age);
  for (const { deploymentId } of byAge.slice(1)) removeIfExists(copies(deploymentId));
}
