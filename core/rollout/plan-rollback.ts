import {
  type EndedWave,
  hasChanged,
  hasReturned,
  isHostStateUnknown,
  mergeResults,
  type Result,
  wasGone,
  wasSkipped,
} from './deployment-results.ts';

/** The input of {@link planRollback}. `installed`: the version a target has according to the registry; null if unknown. */
export interface RollbackSituation {
  readonly waves: readonly EndedWave[];
  /** Only rollbacks in waves after this one count as attempts. */
  readonly sinceWave: number;
  readonly fingerprint: string;
  readonly installed: (targetId: string) => string | null;
  /** Whether any deployment of this rollout left the version unknown, even if a later one of it returned a result. */
  readonly isLost: (targetId: string) => boolean;
}

export type RollbackPlan =
  | { readonly verdict: 'deploy'; readonly ofWave: number; readonly targetIds: string[] }
  | { readonly verdict: 'rolled_back' }
  | { readonly verdict: 'rollback_incomplete'; readonly targetIds: string[] };

/**
 * Selects the next targets to roll back: those of the newest wave that this rollout changed and that still have its
 * version, last one first. Each target is rolled back at most once. If a deployment was lost and the next attempt found
 * the version `unchanged`, the lost deployment changed the target.
 *
 * A target whose host is gone has nothing to roll back. A target whose forward deployment was lost, or could not be undone, is not rolled back. A host restores the version
 * before the installed one, and the installed one is unknown. The rollback is then incomplete, unless a later deployment
 * determined the version.
 */
export function planRollback(situation: RollbackSituation): RollbackPlan {
  const { fingerprint, installed, isLost } = situation;
  const [forward, rollbacks] = [forwardResults(situation), rollbackResults(situation)];
  const changed = [...forward.values()].filter(({ result }) => hasChanged(result));
  const left = changed.filter(
    ({ result: { targetId } }) => !rollbacks.has(targetId) && installed(targetId) === fingerprint,
  );
  if (left.length > 0) {
    const ofWave = Math.max(...left.map(({ wave }) => wave));
    const targetIds = left.filter(({ wave }) => wave === ofWave).map(({ result }) => result.targetId);
    return { verdict: 'deploy', ofWave, targetIds: targetIds.reverse() };
  }
  const incomplete = [...forward.values()].filter(({ result }) => {
    if (wasGone(result)) return false;
    const attempt = rollbacks.get(result.targetId);
    // a later request took over: the installed version shows its result
    const isTakenOver = attempt?.outcome === 'superseded';
    if (attempt !== undefined && !isTakenOver) return !hasReturned(attempt);
    const current = installed(result.targetId);
    // `unchanged`: this rollout did not install the version
    if (current === fingerprint) return result.outcome !== 'unchanged';
    return current === null && (hasChanged(result) || isHostStateUnknown(result) || isLost(result.targetId));
  });
  if (incomplete.length === 0) return { verdict: 'rolled_back' };
  return { verdict: 'rollback_incomplete', targetIds: incomplete.map(({ result }) => result.targetId) };
}

/** The result of each target's last forward deployment. A skipped retry keeps the earlier result. */
function forwardResults({ waves }: RollbackSituation): Map<string, { wave: number; result: Result }> {
  const found = new Map<string, { wave: number; result: Result }>();
  for (const { number: wave, direction, results } of waves) {
    if (direction === 'rollback') continue;
    for (const result of results.filter((one) => !wasSkipped(one))) {
      found.set(result.targetId, { wave, result: mergeResults(found.get(result.targetId)?.result, result) });
    }
  }
  return found;
}

function rollbackResults({ waves, sinceWave }: RollbackSituation): Map<string, Result> {
  const counted = waves.filter(({ number, direction }) => direction === 'rollback' && number > sinceWave);
  return new Map(
    counted.flatMap(({ results }) => results.map((result): [string, Result] => [result.targetId, result])),
  );
}
