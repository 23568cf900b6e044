import { readFileSync } from 'node:fs';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import { withCopiesLike } from '../apply/in-place.ts';
import { observeEndpoint } from '../apply/served-locally.ts';
import type { Change } from '../change/change.ts';
import { destinationsOf, planChange } from '../change/plan.ts';
import { containsLeaf, type DesiredFile } from '../connectors/desired-change.ts';
import { digestOf } from '../host/digest.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { metadataOf, sameMetadata } from '../host/ownership.ts';
import { type Receipt, receiptsOf, writeReceipt } from '../journal/receipt.ts';
import { installedReceipt, mayReplace, receiptOf, replacedOrigin } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { applyAndRecord } from './apply-and-record.ts';

/**
 * Job `rollback`: installs the previous version as a deployment of its own, with the same checks, journal and undo as any
 * other. With `replaces`, changes nothing if another version is installed (it was rolled back already, or there is a later
 * deployment), or if a different rollout has installed this version.
 * @throws CertferryError NoReceipt if this host has no previous version, or only the installed one
 */
export async function rollback(home: Home, header: JobHeader, replaces?: string): Promise<AgentLine> {
  const receipts = receiptsOf(home, header.targetId);
  const installed = installedReceipt(receipts);
  if (replaces !== undefined && installed !== null && !mayReplace(installed, header, replaces)) {
    return reportUntouched(home, header, installed);
  }
  const origin = originOfInstalled();
  if (origin.inPlace === 'unknown')
    throw noPreviousVersion(
      header,
      'the installed version was deployed in place, and no receipt has an earlier one',
    );
  const files = origin.files.map((file) => previousFile(file, header, origin.fileUser));
  const leaf = files.find(containsLeaf)?.content ?? null;
  const version = leaf === null ? null : factsOfPem(leaf);
  if (version === null) throw noPreviousVersion(header, 'its certificate cannot be read');
  if (version.fingerprint === installed?.line.version?.fingerprint)
    throw noPreviousVersion(header, 'the files before the installed deployment had the same version');
  const { validate, activate, sandbox } = origin;
  const desired = { files, fileUser: origin.fileUser?.name, validate, activate, sandbox };
  const observed = observeEndpoint(origin);
  return withFolderLocks(home, destinationsOf(desired), async () => {
    const planned = withCopiesLike(await planChange(home, header, desired, version, origin), installed);
    const observedPlan = { ...planned, baseline: await observed };
    return applyAndRecord(home, header, observedPlan, replacedOrigin(receipts, origin.deploymentId));
  });

  function originOfInstalled(): Change {
    const found = receiptOf(receipts, installed?.origin)?.change ?? null;
    if (found === null) throw noPreviousVersion(header, 'it has no receipt of the installed deployment');
    return found;
  }
}

function reportUntouched(
  home: Home,
  header: JobHeader,
  { line: { version, deploymentId }, origin }: Receipt,
) {
  const line = resultLine(header, {
    outcome: 'unchanged',
    summary: 'the installed version is not the one to roll back; nothing was changed',
    version,
    previousVersion: version,
    validatedIn: 'none',
  });
  const receipt = { v: 1 as const, line, fence: header.fence, change: null, undone: false, origin };
  writeReceipt(home, { ...receipt, replacedDeployment: deploymentId });
  return line;
}

function previousFile(
  file: Change['files'][number],
  header: JobHeader,
  user: FileUser | undefined,
): DesiredFile {
  if (file.role === 'trigger') return unchangedTrigger(file);
  if (file.previous === null) throw noPreviousVersion(header, `${file.path} did not exist`);
  const bytes = readBackup(file.backup, header);
  if (digestOf(bytes) !== file.previous.digest)
    throw noPreviousVersion(header, `the backup ${file.backup} is damaged`);
  const { mode, uid, gid } = file.previous.metadata;
  const explicit = { mode: mode.toString(8), owner: String(uid), group: String(gid) };
  return {
    role: file.role,
    path: file.configured ?? file.path,
    content: bytes.toString('utf8'),
    explicit: withFileUser(user, () => isAsDeployed(file)) ? explicit : {},
    defaults: { mode, owners: [], groups: [] },
  };
}

/** Whether owner and mode are those of the deployment. If an administrator has changed them since, the file on disk wins. */
function isAsDeployed({ path, configured, metadata }: Change['files'][number]): boolean {
  const current = metadataOf(configured ?? path);
  return current === null || sameMetadata(current, metadata);
}

/** A trigger is not part of a version: it is the daemon's own configuration, and keeps its present content. */
function unchangedTrigger({ role, path, configured, metadata }: Change['files'][number]): DesiredFile {
  const { mode } = metadata;
  return {
    role,
    path: configured ?? path,
    content: null,
    explicit: {},
    defaults: { mode, owners: [], groups: [] },
  };
}

function readBackup(path: string, header: JobHeader): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw noPreviousVersion(header, `the backup ${path} does not exist (see backupRetention)`);
  }
}

function noPreviousVersion(header: JobHeader, why: string): CertferryError {
  return new CertferryError(
    'NoReceipt',
    `this host has no previous version of ${header.targetId}: ${why}; deploy the version that you need instead`,
    { details: { targetId: header.targetId } },
  );
}
