import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../core/clock.ts';
import { RolloutState } from '../../../core/rollout/rollout.ts';
import { stillWaiting } from '../../../core/rollout/waiting.ts';
import type { RolloutControl } from '../../../services/rollouts/rollout-control.ts';
import { nextForwardWave, type WavePlanServices } from '../../rollout/forward-wave.ts';
import { nextRollbackWave } from '../../rollout/rollback-wave.ts';
import { RolloutTask } from '../../rollout/rollout-task.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, fleet, installedVersions, rollouts, waveFiles } from '../../runtime/wiring.ts';

/**
 * State NextWave. It only looks, and writes the wave's deployments to the bucket. Called again it writes them anew, as the
 * targets are then, into a file of its own, and answers which: the Map reads what was answered, whatever an attempt that
 * was given up for lost still writes. What it tells the registry is for people to read. A rollout that waits comes here
 * every few minutes, to see whether it still may go on.
 */
export const createHandler =
  (by: WavePlanServices) =>
  async ({ state: given }: RolloutTask): Promise<RolloutState> => {
    // what a Map or a Catch left there is told no more than once
    const state = { ...given, deployed: null, failure: null };
    const { id } = state.rollout;
    const control = await by.rollouts.control(id);
    if (control === null) throw new Error(`rollout ${id} is not in the registry`);
    const stopped = reasonToStop(control, state);
    if (stopped !== null) return { ...state, wave: { ...state.wave, ...stopped, waitSeconds: 0, count: 0 } };
    if (state.wave.direction === 'back') return nextRollbackWave(state, by);
    const wave = stillWaiting(state, by.clock.now());
    return wave === null ? nextForwardWave(state, control, by) : { ...state, wave };
  };

function reasonToStop(
  { status, supersededBy, reason }: RolloutControl,
  { wave: { direction } }: RolloutState,
): Pick<RolloutState['wave'], 'verdict' | 'summary'> | null {
  if (supersededBy !== null) {
    return { verdict: 'superseded', summary: `rollout ${supersededBy} carries a newer version` };
  }
  const goesOn = status === 'running' || (status === 'rolling_back' && direction === 'back');
  return goesOn ? null : { verdict: 'halted', summary: reason ?? `the rollout is ${status}` };
}

export const handler = task('NextWave', {
  input: RolloutTask,
  result: RolloutState,
  build: () =>
    createHandler({
      catalogue: catalogue(),
      fleet: fleet(),
      installed: installedVersions(),
      rollouts: rollouts(),
      files: waveFiles(),
      clock: systemClock,
      random: Math.random,
      newPlan: () => randomBytes(6).toString('hex'),
    }),
});
