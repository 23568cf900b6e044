import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';

/** What the rules of receipts need of a receipt, for targets with files and for those in a store. */
export interface AnyReceipt {
  readonly line: AgentLine;
  readonly fence: number;
  readonly change: object | null;
  readonly undone: boolean;
  readonly replacedDeployment: string | null;
  readonly origin: string;
  readonly rollout?: string | null | undefined;
}

/** The receipt of the installed version: the latest change that was not undone. Null if there is none. */
export function installedReceipt<Receipt extends AnyReceipt>(receipts: readonly Receipt[]): Receipt | null {
  return receipts.find(isInstalled) ?? null;
}

/** Whether the deployment changed something that was not undone. */
export function isInstalled(receipt: AnyReceipt): boolean {
  return receipt.change !== null && receipt.line.outcome === 'applied' && !receipt.undone;
}

/** Whether the deployment was reversed after it had ended. */
export const isReversed = ({ undone, line }: AnyReceipt): boolean => undone && line.outcome === 'applied';

/** The receipt of a deployment. Null if there is none. */
export function receiptOf<Receipt extends AnyReceipt>(
  receipts: readonly Receipt[],
  deploymentId: string | null | undefined,
): Receipt | null {
  return receipts.find(({ line }) => line.deploymentId === deploymentId) ?? null;
}

/**
 * The result of this deployment if it already finished here, else null. A receipt with another fence belongs to an execution
 * of the same name in another state machine: neither must get the result of the other, or undo it.
 * @throws CertferryError InvalidRequest
 */
export function finishedLine(
  receipt: AnyReceipt | null,
  { deploymentId, fence }: JobHeader,
): AgentLine | null {
  if (receipt === null || receipt.fence === fence) return receipt?.line ?? null;
  throw new CertferryError(
    'InvalidRequest',
    `deployment ${deploymentId} already ran on this host with fence ${receipt.fence}, and this job has fence ${fence}; start the execution with a new name`,
    { details: { deploymentId, fence, used: receipt.fence } },
  );
}

/** Whether a rollback of `replaces` may replace the installed version: it is that version, and not of another rollout. */
export function mayReplace({ line, rollout }: AnyReceipt, header: JobHeader, replaces: string): boolean {
  const isOfSameRollout = header.rollout === undefined || rollout === undefined || rollout === header.rollout;
  return line.version?.fingerprint === replaces && isOfSameRollout;
}

/**
 * The deployment that first installed the version of `change` (see `Receipt`). If `change` only repairs the installed version,
 * it is the origin of that version, because a rollback must not install the same version again.
 */
export function originOf(
  { deploymentId, version, previousVersion }: Pick<AgentLine, 'deploymentId' | 'version' | 'previousVersion'>,
  installed: AnyReceipt | null,
): string {
  const isSame = [installed?.line.version, previousVersion].every(
    (other) => other?.fingerprint === version?.fingerprint,
  );
  return isSame && installed !== null ? installed.origin : deploymentId;
}

/** The deployment that first installed the version that `origin` replaced. Empty if certferry did not install it. */
export function replacedOrigin(receipts: readonly AnyReceipt[], origin: string): string {
  return receiptOf(receipts, receiptOf(receipts, origin)?.replacedDeployment)?.origin ?? '';
}

/**
 * The receipts whose change can still be rolled back: the latest of the target's retention, and the one that installed the
 * present version, if later ones have only repaired it.
 */
export function rollbackReceipts<Receipt extends AnyReceipt>(
  receipts: readonly Receipt[],
  backupRetention: number,
): ReadonlySet<Receipt> {
  const latest = receipts.filter(isInstalled).slice(0, Math.max(1, backupRetention));
  return new Set([...latest, ...repairedOrigins(receipts)]);
}

function repairedOrigins<Receipt extends AnyReceipt>(receipts: readonly Receipt[]): Receipt[] {
  const installed = installedReceipt(receipts);
  if (installed === null) return [];
  const { version, previousVersion } = installed.line;
  if (version?.fingerprint !== previousVersion?.fingerprint) return [];
  return receipts.filter(({ line }) => line.deploymentId === installed.origin);
}

/** Maximum number of receipts per target, in addition to those that can be rolled back. */
export const maximumReceipts = 30;
