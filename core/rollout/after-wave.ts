import type { Rollout, RolloutState, Wave } from './rollout.ts';
import { goalOf } from './waves.ts';

/** Whether nobody is left once this wave is over. */
export function isLast({ reached, count, total }: Pick<Wave, 'reached' | 'count' | 'total'>): boolean {
  return reached + count >= total;
}

/**
 * Whether the services have to serve the new version alone now: the wave was the last one of a rollout to all. The
 * others of a part's certificate are not this rollout's.
 */
export function isDecisive({ rollout, wave }: Pick<RolloutState, 'rollout' | 'wave'>): boolean {
  return rollout.only === null && isLast(wave);
}

/**
 * How it goes on after a forward wave that went well. A person is asked once, when the wave that the strategy names is
 * reached (it may be reached together with one before it); never when nobody is left.
 */
export function afterWave(state: {
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
