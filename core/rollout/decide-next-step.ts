import type { Rollout, RolloutState, Wave } from './rollout.ts';
import { goalOf } from './wave-sizes.ts';

/** Whether no target is left after this wave. */
export function isLast({ reached, count, total }: Pick<Wave, 'reached' | 'count' | 'total'>): boolean {
  return reached + count >= total;
}

/**
 * Whether the services must serve only the new version now: after the last wave of a rollout to all targets. After a
 * rollout to a part, other targets may still serve another version.
 */
export function mustServeNewVersion({ rollout, wave }: Pick<RolloutState, 'rollout' | 'wave'>): boolean {
  return rollout.only === null && isLast(wave);
}

/**
 * The next step after a successful forward wave. The rollout asks for approval once, when it has reached the wave that the
 * strategy names, possibly together with an earlier wave. It never asks when no target is left.
 */
export function decideNextStep(state: {
  readonly rollout: Pick<Rollout, 'strategy'>;
  readonly wave: Pick<Wave, 'reached' | 'count' | 'total'>;
  readonly approval: RolloutState['approval'];
}): 'ask_approval' | 'pause' | 'next' {
  const { rollout, wave, approval } = state;
  if (isLast(wave)) return 'next';
  const { waves, approvalAfterWave, pauseSeconds } = rollout.strategy;
  const share = waves[approvalAfterWave - 1];
  const isReached = share !== undefined && goalOf(share, wave.total) <= wave.reached + wave.count;
  if (isReached && approval?.verdict !== 'approved') return 'ask_approval';
  return pauseSeconds > 0 ? 'pause' : 'next';
}
