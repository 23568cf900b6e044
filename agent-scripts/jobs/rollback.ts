import { readFileSync } from 'node:fs';
import { factsOfPem } from '../../core/certificate/facts.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Change } from '../change/change.ts';
import { destinationsOf, planChange } from '../change/plan.ts';
import { containsLeaf, type DesiredFile } from '../connectors/desired-change.ts';
import { digestOf } from '../host/digest.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { installedReceipt, type Receipt, receiptsOf, writeReceipt } from '../journal/receipt.ts';
import { applyAndRecord } from './apply-and-record.ts';

/**
 * Job `rollback`: makes the version before the installed one the installed one, as a deployment of its own: staged,
 * judged by the daemon, journalled, and undone when it does not hold. Where another version than `replaces` is installed,
 * it is put back already, or somebody else has deployed since: that one stays. So does the version itself where somebody else
 * than the header's rollout has put it there: whoever only found it there has nothing to take away.
 * @throws CertferryError NoReceipt when the host has no version before
 */
export async function rollback(home: Home, header: JobHeader, replaces?: string): Promise<AgentLine> {
  const receipts = receiptsOf(home, header.targetId);
  const installed = installedReceipt(receipts);
  if (replaces !== undefined && installed !== null && !isToGo(installed, header, replaces)) {
    return notHealed(home, header, installed);
  }
  const origin = originOfInstalled();
  const files = origin.files.map((file) => fileBefore(file, header));
  const leaf = files.find(containsLeaf)?.content ?? null;
  const version = leaf === null ? null : factsOfPem(leaf);
  if (version === null) throw noVersionBefore(header, 'its certificate cannot be read');
  const { validate, activate, sandbox } = origin;
  const wanted = { files, validate, activate, sandbox };
  return withFolderLocks(destinationsOf(wanted), async () => {
    const planned = await planChange(home, header, wanted, version, origin);
    return applyAndRecord(home, header, planned, versionOrigin(receipts, origin));
  });

  function originOfInstalled(): Change {
    const found = receiptOf(receipts, installed?.origin)?.change ?? null;
    if (found === null) throw noVersionBefore(header, 'nothing was deployed here, or it is too long ago');
    return found;
  }
}

function isToGo({ line, rollout }: Receipt, header: JobHeader, replaces: string): boolean {
  const isOurs = header.rollout === undefined || rollout === undefined || rollout === header.rollout;
  return line.version?.fingerprint === replaces && isOurs;
}

const receiptOf = (receipts: readonly Receipt[], deploymentId: string | null | undefined) =>
  receipts.find(({ line }) => line.deploymentId === deploymentId);

function notHealed(home: Home, header: JobHeader, { line: { version, deploymentId }, origin }: Receipt) {
  const line = agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'unchanged',
    summary: 'what is installed is not what was to be taken away; nothing was touched',
    version,
    previousVersion: version,
    validatedIn: 'none',
  });
  const receipt = { v: 1 as const, line, fence: header.fence, change: null, undone: false, origin };
  writeReceipt(home, { ...receipt, replacedDeployment: deploymentId });
  return line;
}

/** The deployment that first brought the version that `origin` replaced; unknown when it was there before certferry. */
function versionOrigin(receipts: readonly Receipt[], origin: Change): string {
  const before = receiptOf(receipts, receiptOf(receipts, origin.deploymentId)?.replacedDeployment);
  return before?.origin ?? '';
}

function fileBefore(file: Change['files'][number], header: JobHeader): DesiredFile {
  if (file.role === 'trigger') return asItIsNow(file);
  if (file.before === null) throw noVersionBefore(header, `${file.path} did not exist before`);
  const bytes = readBackup(file.backup, header);
  if (digestOf(bytes) !== file.before.digest)
    throw noVersionBefore(header, `the backup ${file.backup} is damaged`);
  const { mode, uid, gid } = file.before.metadata;
  return {
    role: file.role,
    path: file.path,
    content: bytes.toString('utf8'),
    explicit: { mode: mode.toString(8), owner: String(uid), group: String(gid) },
    defaults: { mode, owners: [], groups: [] },
  };
}

/** A trigger is no part of a version: the daemon's own configuration of today is what it is to read again. */
function asItIsNow({ role, path, metadata }: Change['files'][number]): DesiredFile {
  const { mode } = metadata;
  return { role, path, content: null, explicit: {}, defaults: { mode, owners: [], groups: [] } };
}

function readBackup(path: string, header: JobHeader): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw noVersionBefore(header, `the backup ${path} is gone (see backupRetention)`);
  }
}

function noVersionBefore(header: JobHeader, why: string): CertferryError {
  return new CertferryError(
    'NoReceipt',
    `${header.targetId} has no version before the installed one on this host: ${why}; deploy the version you want instead`,
    { details: { targetId: header.targetId } },
  );
}
