import { readFileSync } from 'node:fs';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { asBeforeText } from '../../core/tls-probe/compare-baseline.ts';
import { repairInPlace, replacedInPlaceWarnings, unknownPrevious } from '../apply/in-place.ts';
import { observeEndpoint, servedLocally, workersToReplace } from '../apply/served-locally.ts';
import { undoChange } from '../apply/undo-change.ts';
import type { Change } from '../change/change.ts';
import { containsLeaf } from '../connectors/desired-change.ts';
import { removeStaged } from '../files/restore.ts';
import { digestOfFile } from '../host/digest.ts';
import { diskProblem, unlessDiskFails } from '../host/disk-space.ts';
import { withFileUser } from '../host/file-user.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { refillReserve } from '../host/space-reserve.ts';
import { closeJournal } from '../journal/journal.ts';
import { pruneReceipts, type Receipt, readReceipt, receiptsOf, writeReceipt } from '../journal/receipt.ts';
import { installedReceipt } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';

/**
 * Job `undo`: reverses the deployment that the header names. A repeated job, or one for a deployment that changed nothing,
 * has the same outcome and changes nothing.
 * @throws CertferryError StaleFence if a later deployment has replaced this one
 */
export async function undo(home: Home, header: JobHeader): Promise<AgentLine> {
  const receipt = readReceipt(home, header.targetId, header.deploymentId);
  const receipts = receiptsOf(home, header.targetId);
  if (receipt === null || receipt.change === null || receipt.undone || receipt.line.outcome !== 'applied') {
    if (receipt?.line.outcome === 'rollback_failed') return receipt.line;
    return restoredLine(
      header,
      installedVersion(receipts),
      'nothing to roll back: this deployment has no installed files',
      [],
    );
  }
  const installed = installedReceipt(receipts);
  if (installed !== null && installed.line.deploymentId !== header.deploymentId)
    throw replacedError(header, installed);
  const { change } = receipt;
  if (change.inPlace === 'unknown') return unknownPreviousLine(header, change);
  return withFolderLocks(
    home,
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
  refillReserve(home);
  const warnings = [...editWarnings(change), ...replacedInPlaceWarnings(home, change)];
  const oldWorkers = workersToReplace(change);
  const result = await undoChange(home, change);
  unlessDiskFails(() => removeStaged(change));
  if (result.kind === 'failed') {
    const line = resultLine(header, {
      outcome: 'rollback_failed',
      summary: `rollback failed: ${result.why}`,
      reason: result.reason,
      version: null,
      previousVersion: change.previousVersion,
      warnings,
      repair: result.repair,
    });
    const unrecorded = recordUndone(home, { ...receipt, line, undone: true });
    return { ...line, warnings: [...line.warnings, ...unrecorded] };
  }
  const unrecorded = recordUndone(home, { ...receipt, undone: true });
  pruneReceipts(home, header.targetId, change.backupRetention);
  const line = restoredLine(header, change.previousVersion, 'previous files restored, daemon reloaded', [
    ...warnings,
    ...unrecorded,
  ]);
  const served = await servedLocally(change, change.previousVersion, oldWorkers);
  return served === true ? { ...line, served } : comparedWithBefore({ ...line, served }, receipt, change);
}

/**
 * If this host verifies the target, there is no later probe. An endpoint without the previous leaf may be as it was before the
 * deployment. It is then reported as such, and `served` is unknown.
 */
async function comparedWithBefore(
  line: AgentLine,
  { line: { baseline } }: Receipt,
  change: Change,
): Promise<AgentLine> {
  const { verify, version, previousVersion } = change;
  if (baseline === undefined || verify === 'none' || verify.probeFrom !== 'host') return line;
  const now = await observeEndpoint(change);
  const text = asBeforeText(baseline, now?.addresses ?? [], { version, previousVersion, from: 'host' });
  return text === null ? line : { ...line, served: null, summary: `${line.summary}; ${text}` };
}

/** The files keep the new version: no other is known. */
function unknownPreviousLine(header: JobHeader, change: Change): AgentLine {
  return resultLine(header, {
    outcome: 'rollback_failed',
    summary: `nothing was restored: ${unknownPrevious}`,
    reason: 'NoReceipt',
    version: change.version,
    repair: repairInPlace(change),
  });
}

/** The files have their outcome. If the disk does not accept the record of it, the outcome gets a warning. */
function recordUndone(home: Home, receipt: Receipt): string[] {
  try {
    writeReceipt(home, receipt);
    closeJournal(home);
    return [];
  } catch (error) {
    const problem = diskProblem(error);
    if (problem === null) throw error;
    return [`the rollback could not be recorded on the host (${problem}); deploy again after the repair`];
  }
}

/** Warns of files edited after the deployment: undo discards such edits, except in triggers. */
function editWarnings(change: Change): string[] {
  return withFileUser(change.fileUser, () => change.files.filter(isEdited)).map(
    (file) => `${file.path} was edited after the deployment; the rollback discards the edit`,
  );
}

const isEdited = ({ role, path, digest }: Change['files'][number]): boolean =>
  role !== 'trigger' && digestOfFile(path) !== digest;

function restoredLine(
  header: JobHeader,
  version: VersionFacts | null,
  summary: string,
  warnings: readonly string[],
): AgentLine {
  return resultLine(header, {
    outcome: 'restored',
    summary,
    version,
    warnings: [...warnings],
  });
}

/** The installed version: from the latest receipt if its file is unchanged, else from the file. */
export function installedVersion(receipts: readonly Receipt[]): VersionFacts | null {
  const installed = installedReceipt(receipts);
  const change = (installed ?? receipts.find((receipt) => receipt.change !== null))?.change;
  const certificate = change?.files.find(containsLeaf);
  if (certificate === undefined) return null;
  return withFileUser(change?.fileUser, () => {
    const path = certificate.configured ?? certificate.path;
    const digest = digestOfFile(path);
    if (digest === null) return null;
    if (installed !== null && digest === certificate.digest) return installed.line.version;
    return factsOfPem(readFileSync(path, 'utf8'));
  });
}

function replacedError(header: JobHeader, installed: Receipt): CertferryError {
  return new CertferryError(
    'StaleFence',
    `deployment ${header.deploymentId} cannot be rolled back: ${installed.line.deploymentId} has replaced it on this host`,
    { details: { installed: installed.line.deploymentId } },
  );
}
