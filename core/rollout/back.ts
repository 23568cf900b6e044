import {
  type EndedWave,
  hasChanged,
  hasFailed,
  isUnsure,
  type Result,
  settledBy,
  wasSkipped,
} from './results.ts';

/** What decides about the way back. `installed`: what a target is believed to have; null when nobody knows. */
export interface Aftermath {
  readonly waves: readonly EndedWave[];
  /** Attempts at putting back count if they were made in a wave after this one. */
  readonly sinceWave: number;
  readonly fingerprint: string;
  readonly installed: (targetId: string) => string | null;
  /** Whether a deployment of this rollout has left nobody knowing, whatever a later one of it could say. */
  readonly isLost: (targetId: string) => boolean;
}

export type WayBack =
  | { readonly verdict: 'deploy'; readonly ofWave: number; readonly targetIds: string[] }
  | { readonly verdict: 'rolled_back' }
  | { readonly verdict: 'rollback_incomplete'; readonly targetIds: string[] };

/**
 * Which targets are put back next: those of the newest wave that this rollout has changed and that still have its
 * version, the last one first. Each is tried once. One that was lost, and was found to have the version when it was tried
 * again, was changed by what was lost.
 *
 * A target whose forward deployment was lost, or could not be undone, is not tried: a host puts back the version before
 * the one it has, and what it has is not known. It leaves the way back incomplete, unless a later deployment has settled it.
 */
export function planBack(aftermath: Aftermath): WayBack {
  const { fingerprint, installed, isLost } = aftermath;
  const [forward, back] = [forwardEnds(aftermath), backEnds(aftermath)];
  const changed = [...forward.values()].filter(({ result }) => hasChanged(result));
  const left = changed.filter(
    ({ result: { targetId } }) => !back.has(targetId) && installed(targetId) === fingerprint,
  );
  if (left.length > 0) {
    const ofWave = Math.max(...left.map(({ wave }) => wave));
    const targetIds = left.filter(({ wave }) => wave === ofWave).map(({ result }) => result.targetId);
    return { verdict: 'deploy', ofWave, targetIds: targetIds.reverse() };
  }
  const unsettled = [...forward.values()].filter(({ result }) => {
    const attempt = back.get(result.targetId);
    // a later request was to settle it: whether it has, what is there now says
    const isLeft = attempt?.outcome === 'superseded';
    if (attempt !== undefined && !isLeft) return hasFailed(attempt) || wasSkipped(attempt);
    const has = installed(result.targetId);
    // an attempt that left nothing behind does not undo what one before it did
    if (has === fingerprint) return result.outcome !== 'unchanged';
    return has === null && (hasChanged(result) || isUnsure(result) || isLost(result.targetId));
  });
  if (unsettled.length === 0) return { verdict: 'rolled_back' };
  return { verdict: 'rollback_incomplete', targetIds: unsettled.map(({ result }) => result.targetId) };
}

/** How each target's last forward deployment ended. One that was tried again and skipped keeps its first result. */
function forwardEnds({ waves }: Aftermath): Map<string, { wave: number; result: Result }> {
  const ends = new Map<string, { wave: number; result: Result }>();
  for (const { number: wave, direction, results } of waves) {
    if (direction === 'back') continue;
    for (const result of results.filter((one) => !wasSkipped(one))) {
      ends.set(result.targetId, { wave, result: settledBy(ends.get(result.targetId)?.result, result) });
    }
  }
  return ends;
}

function backEnds({ waves, sinceWave }: Aftermath): Map<string, Result> {
  const counted = waves.filter(({ number, direction }) => direction === 'back' && number > sinceWave);
  return new Map(
    counted.flatMap(({ results }) => results.map((result): [string, Result] => [result.targetId, result])),
  );
}
