import { readFileSync } from 'node:fs';
import { factsOfPem } from '../../core/certificate/facts.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { servedLocally, workersToReplace } from '../apply/served-locally.ts';
import { undoChange } from '../apply/undo-change.ts';
import type { Change } from '../change/change.ts';
import { containsLeaf } from '../connectors/desired-change.ts';
import { removeStaged } from '../files/restore.ts';
import { digestOfFile } from '../host/digest.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { closeJournal } from '../journal/journal.ts';
import {
  installedReceipt,
  pruneReceipts,
  type Receipt,
  readReceipt,
  receiptsOf,
  writeReceipt,
} from '../journal/receipt.ts';

/**
 * Job `undo`: undoes the deployment that the header names. What changed nothing, or is undone already, is
 * answered the same way without touching anything, so the job may be repeated.
 * @throws CertferryError StaleFence when a later deployment has replaced it
 */
export async function undo(home: Home, header: JobHeader): Promise<AgentLine> {
  const receipt = readReceipt(home, header.targetId, header.deploymentId);
  const receipts = receiptsOf(home, header.targetId);
  if (receipt === null || receipt.change === null || receipt.undone || receipt.line.outcome !== 'applied') {
    if (receipt?.line.outcome === 'rollback_failed') return receipt.line;
    return restoredLine(
      header,
      installedVersion(receipts),
      'there is nothing of this deployment to undo',
      [],
    );
  }
  const installed = installedReceipt(receipts);
  if (installed !== null && installed.line.deploymentId !== header.deploymentId)
    throw replaced(header, installed);
  const { change } = receipt;
  return withFolderLocks(
    change.files.map(({ path }) => path),
    () => undoDeployment(home, header, receipt, change),
  );
}

async function undoDeployment(
  home: Home,
  header: JobHeader,
  receipt: Receipt,
  change: Change,
): Promise<AgentLine> {
  const warnings = foreignEdits(change);
  const before = workersToReplace(change);
  const undoing = await undoChange(home, change);
  removeStaged(change);
  if (undoing.kind === 'failed') {
    const line = agentLine({
      deploymentId: header.deploymentId,
      targetId: header.targetId,
      outcome: 'rollback_failed',
      summary: `going back failed: ${undoing.why}`,
      reason: 'RestoreFailed',
      version: null,
      previousVersion: change.previousVersion,
      warnings,
      repair: undoing.repair,
    });
    writeReceipt(home, { ...receipt, line, undone: true });
    closeJournal(home);
    return line;
  }
  writeReceipt(home, { ...receipt, undone: true });
  closeJournal(home);
  pruneReceipts(home, header.targetId, change.backupRetention);
  const line = restoredLine(
    header,
    change.previousVersion,
    'the old files are back and the daemon has reloaded',
    warnings,
  );
  return { ...line, served: await servedLocally(change, change.previousVersion, before) };
}

/** Somebody edited a file since it was deployed: the rollback replaces that too, and says so. Edits of a trigger stay. */
function foreignEdits(change: Change): string[] {
  return change.files
    .filter((file) => file.role !== 'trigger' && digestOfFile(file.path) !== file.digest)
    .map((file) => `${file.path} was changed by somebody else since the deployment`);
}

function restoredLine(
  header: JobHeader,
  version: VersionFacts | null,
  summary: string,
  warnings: readonly string[],
): AgentLine {
  return agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'restored',
    summary,
    version,
    warnings: [...warnings],
  });
}

/** The leaf and chain now on disk, as the newest receipt knows them or as the file says. */
export function installedVersion(receipts: readonly Receipt[]): VersionFacts | null {
  const installed = installedReceipt(receipts);
  const certificate = (installed ?? receipts.find((receipt) => receipt.change !== null))?.change?.files.find(
    containsLeaf,
  );
  if (certificate === undefined || digestOfFile(certificate.path) === null) return null;
  if (installed !== null && digestOfFile(certificate.path) === certificate.digest)
    return installed.line.version;
  return factsOfPem(readFileSync(certificate.path, 'utf8'));
}

function replaced(header: JobHeader, installed: Receipt): CertferryError {
  return new CertferryError(
    'StaleFence',
    `deployment ${header.deploymentId} cannot be undone: ${installed.line.deploymentId} has replaced it on this host`,
    { details: { installed: installed.line.deploymentId } },
  );
}
