import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';

/** What an ended deployment says of its host besides its history item. */
export interface HostEvidence {
  readonly host: string | null;
  /** See `core/target/place-digest.ts`. */
  readonly place: string | null;
  /** What the host had at the end if all went well, and what it had before. */
  readonly version: VersionFacts | null;
  readonly before: VersionFacts | null;
  /** True only when it is certain that no job was ever sent. */
  readonly nothingSent: boolean;
  /** The lock was taken from an execution that had broken off: what that one left is not written. */
  readonly isTakenOver: boolean;
}

/**
 * What is to be believed of the target from now on; null when the deployment says nothing new about it. One that touched
 * nothing says nothing of what the one before it left, whose lock it took: then nobody knows. Pure.
 */
export function installedAfter(item: HistoryItem, left: HostEvidence): InstalledVersion | null {
  const { targetId, certificate, outcome, deploymentId, fence, endedAt: at } = item;
  if (fence === null || certificate === undefined || left.host === null) return null;
  const found = foundBy(item, left);
  if (found === null) return null;
  const { version, ...by } = found;
  const where = { host: left.host, place: left.place };
  const has = { fingerprint: version?.fingerprint ?? null, notAfter: version?.notAfter ?? null, version };
  return { targetId, certificate, ...where, outcome, deploymentId, fence, at, ...has, ...by };
}

/** Without `rollout`, who brought the version stays as it is written. Null: nothing new. */
type Found = Pick<InstalledVersion, 'rollout'> & { readonly version: VersionFacts | null };

function foundBy(item: HistoryItem, left: HostEvidence): Found | null {
  const { action, outcome, rollout = null } = item;
  // what a host that was left as it is has, it may have said
  const untouched = left.isTakenOver ? { version: left.version } : null;
  if (action === 'validate') return left.isTakenOver ? { version: null } : null;
  switch (outcome) {
    case 'deployed':
    case 'deployed_unverified':
      return { version: left.version, rollout };
    // a rollback that found another version left it as it was
    case 'unchanged':
      return { version: left.version, ...(action !== 'rollback' && { rollout }) };
    case 'rolled_back':
      return { version: left.before };
    case 'rollback_failed':
      return { version: null, rollout };
    case 'lost':
      return left.nothingSent && !left.isTakenOver ? null : { version: null, rollout };
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

/** The rollout whose failure it is; null for one that goes back, or that did not fail. */
export function failedRollout({ action, outcome, rollout }: HistoryItem): string | null {
  return action === 'deploy' && !outcomeMeanings[outcome].succeeded ? (rollout ?? null) : null;
}
