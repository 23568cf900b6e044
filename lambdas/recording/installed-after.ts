import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';

/** What an ended deployment reports about its host, in addition to its history item. */
export interface HostEvidence {
  readonly host: string | null;
  /** The digest of kind, config and host: see `core/targets/installation-digest.ts`. */
  readonly installation: string | null;
  /** The version on the host if the deployment succeeded, and the previous version. */
  readonly version: VersionFacts | null;
  readonly previousVersion: VersionFacts | null;
  /** True only if no job was sent. */
  readonly nothingSent: boolean;
  /** The lock was taken over from an execution that broke off: what that execution left on the host is unknown. */
  readonly isTakenOver: boolean;
}

/**
 * The installed version after a deployment; null if the deployment gives no new information. A deployment that changed nothing
 * cannot tell what the previous owner of its lock left on the host: the version is unknown then.
 */
export function installedAfter(item: HistoryItem, evidence: HostEvidence): InstalledVersion | null {
  const { targetId, certificate, outcome, deploymentId, fence, endedAt: at } = item;
  if (fence === null || certificate === undefined || evidence.host === null) return null;
  const installation = evidenceOf(item, evidence);
  if (installation === null) return null;
  const { version, ...by } = installation;
  const where = { host: evidence.host, installation: evidence.installation };
  const has = { fingerprint: version?.fingerprint ?? null, notAfter: version?.notAfter ?? null, version };
  return { targetId, certificate, ...where, outcome, deploymentId, fence, at, ...has, ...by };
}

/** Without `rollout` the stored rollout stays. Null: no new information. */
type Installation = Pick<InstalledVersion, 'rollout'> & { readonly version: VersionFacts | null };

function evidenceOf(item: HistoryItem, evidence: HostEvidence): Installation | null {
  const { action, outcome, rollout = null } = item;
  // the host may have reported its version although it was not changed
  const untouched = evidence.isTakenOver ? { version: evidence.version } : null;
  if (action === 'validate') return evidence.isTakenOver ? { version: null } : null;
  switch (outcome) {
    case 'deployed':
    case 'deployed_unverified':
    case 'deployed_unprobed':
      return { version: evidence.version, rollout };
    // a rollback that found another version changed nothing
    case 'unchanged':
      return { version: evidence.version, ...(action !== 'rollback' && { rollout }) };
    case 'rolled_back':
    case 'rolled_back_unverified':
      return { version: evidence.previousVersion };
    case 'rollback_failed':
    // a deselected host may come back
    case 'gone':
      return { version: null, rollout };
    case 'lost':
      return evidence.nothingSent && !evidence.isTakenOver ? null : { version: null, rollout };
    case 'validated':
    case 'validate_unsupported':
    case 'superseded':
    case 'skipped':
    case 'rejected':
    case 'validate_failed':
    case 'reload_failed':
    case 'lock_unavailable':
      return untouched;
  }
}

/** The rollout whose failed deployments include this one; null for a rollback, a success, or a probe that could not be made. */
export function failedRollout({ action, outcome, rollout }: HistoryItem): string | null {
  const failed = !outcomeMeanings[outcome].succeeded && outcome !== 'deployed_unprobed';
  return action === 'deploy' && failed ? (rollout ?? null) : null;
}
