import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import type { HistoryItem } from '../services/history.ts';
import type { Installed } from '../services/installed.ts';

/** What an ended deployment says of its host besides its history item. */
export interface Left {
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
export function installedAfter(item: HistoryItem, left: Left): Installed | null {
  const { targetId, certificate, outcome, deploymentId, fence, endedAt: at, action } = item;
  if (fence === null || certificate === undefined || left.host === null) return null;
  const where = { host: left.host, place: left.place };
  const about = { targetId, certificate, ...where, outcome, deploymentId, fence, at };
  const has = (version: VersionFacts | null) => ({
    ...about,
    fingerprint: version?.fingerprint ?? null,
    notAfter: version?.notAfter ?? null,
    version,
  });
  // what a host that was left as it is has, it may have said; who brought it stays as it is written
  const untouched = () => (left.isTakenOver ? has(left.version) : null);
  if (action === 'validate') return left.isTakenOver ? has(null) : null;
  switch (outcome) {
    case 'deployed':
    case 'deployed_unverified':
      return { ...has(left.version), rollout: item.rollout ?? null };
    // a revert that found another version left it as it was
    case 'unchanged':
      return action === 'revert'
        ? has(left.version)
        : { ...has(left.version), rollout: item.rollout ?? null };
    // who brought the version that is back stays as it is written
    case 'rolled_back':
      return has(left.before);
    case 'rollback_failed':
      return { ...has(null), rollout: item.rollout ?? null };
    case 'lost':
      return left.nothingSent && !left.isTakenOver ? null : { ...has(null), rollout: item.rollout ?? null };
    case 'validated':
    case 'validate_unsupported':
    case 'superseded':
    case 'skipped':
    case 'rejected':
    case 'validate_failed':
    case 'reload_failed':
    case 'lock_unavailable':
      return untouched();
  }
}

/** The rollout whose failure it is; null for one that goes back, or that did not fail. */
export function failedRollout({ action, outcome, rollout }: HistoryItem): string | null {
  return action === 'deploy' && !outcomeMeanings[outcome].succeeded ? (rollout ?? null) : null;
}
