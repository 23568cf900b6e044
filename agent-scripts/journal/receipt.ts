import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { AgentLine } from '../../core/deployment/agent-line.ts';
import { Change } from '../change/change.ts';
import { privateFolder, removeQuietly, writeDurably } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';

/**
 * How one deployment ended on this host, kept so that it can be answered again, seen and undone.
 *
 * `change` is null where no file was to change. `replacedDeployment` is the deployment whose files it replaced;
 * `origin` is the deployment that first brought the version it installs (itself, unless it went back to an older
 * one): "the version before" is what the origin replaced. `rollout` is the one that it was a
 * part of, null for none; it is not known of what an earlier agent did.
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

/** Receipts of failed and repeated deployments kept per target, besides those whose backups are kept. */
const receiptsKept = 30;

/** Writes a receipt durably. */
export function writeReceipt(home: Home, receipt: Receipt): void {
  const target = home.target(receipt.line.targetId);
  privateFolder(target.receipts);
  writeDurably(target.receipt(receipt.line.deploymentId), JSON.stringify(receipt));
}

/** The receipt of one deployment; null when it never ended on this host. */
export function readReceipt(home: Home, targetId: string, deploymentId: string): Receipt | null {
  const path = home.target(targetId).receipt(deploymentId);
  if (!existsSync(path)) return null;
  return Receipt.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** All receipts of a target, the newest (highest fence) first. */
export function receiptsOf(home: Home, targetId: string): Receipt[] {
  const folder = home.target(targetId).receipts;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readReceipt(home, targetId, name.slice(0, -'.json'.length)))
    .filter((receipt) => receipt !== null)
    .sort((one, other) => other.fence - one.fence);
}

/** The receipt that describes the files now in place: the newest change that was not undone. */
export function installedReceipt(receipts: readonly Receipt[]): Receipt | null {
  return receipts.find(isInstalled) ?? null;
}

function isInstalled(receipt: Receipt): boolean {
  return receipt.change !== null && receipt.line.outcome === 'applied' && !receipt.undone;
}

/**
 * Removes what is no longer needed to go back: backups beyond the target's retention (the running deployment's own
 * is always kept), backups of changes that were undone, and old receipts. Backups of a failed restore stay: a person
 * needs them.
 */
export function pruneReceipts(home: Home, targetId: string, backupRetention: number): void {
  try {
    prune(home, targetId, backupRetention);
  } catch {
    // the deployment has ended whether or not old things can be removed; the next one tries again
  }
}

function prune(home: Home, targetId: string, backupRetention: number): void {
  const target = home.target(targetId);
  const receipts = receiptsOf(home, targetId);
  const kept = new Set(receipts.filter(isInstalled).slice(0, Math.max(1, backupRetention)));
  for (const [index, receipt] of receipts.entries()) {
    if (receipt.line.outcome === 'rollback_failed' || kept.has(receipt)) continue;
    removeQuietly(target.backups(receipt.line.deploymentId));
    if (index >= receiptsKept) removeQuietly(target.receipt(receipt.line.deploymentId));
  }
}
