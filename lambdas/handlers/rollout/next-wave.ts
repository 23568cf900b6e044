import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../core/clock.ts';
import { RolloutState } from '../../../core/rollout/rollout.ts';
import { continueWaiting } from '../../../core/rollout/wait-schedule.ts';
import type { RolloutControl } from '../../../services/rollouts/rollout-control.ts';
import { nextForwardWave, type WavePlanServices } from '../../rollout/forward-wave.ts';
import { nextRollbackWave } from '../../rollout/rollback-wave.ts';
import { RolloutTask } from '../../rollout/rollout-task.ts';
import { task } from '../../runtime/task.ts';
import { warming } from '../../runtime/warming.ts';
import { catalogue, fleet, installedVersions, messages, rollouts, waveFiles } from '../../runtime/wiring.ts';

/**
 * State NextWave: plans the next wave and writes its deployments to the bucket. It deploys nothing. Hosts of the
 * wave that lack the current agent or runtime fetch them first.
 *
 * A second call plans again with the targets at that time. It writes a file of its own and returns its location, so the Map
 * never reads the file of another attempt. The number of tolerated failures in the registry is for display only. A waiting
 * rollout enters this state every few minutes to check whether it was halted or superseded.
 */
export const createHandler =
  (by: WavePlanServices) =>
  async ({ state: input }: RolloutTask): Promise<RolloutState> => {
    // results of a Map and errors of a Catch are used once
    const state = { ...input, deployed: null, failure: null };
    const { id } = state.rollout;
    const control = await by.rollouts.control(id);
    if (control === null) throw new Error(`rollout ${id} is not in the registry`);
    const stop = reasonToStop(control, state);
    if (stop !== null) return { ...state, wave: { ...state.wave, ...stop, waitSeconds: 0, count: 0 } };
    if (state.wave.direction === 'rollback') return nextRollbackWave(state, by);
    const wave = continueWaiting(state, by.clock.now());
    return wave === null ? nextForwardWave(state, control, by) : { ...state, wave };
  };

function reasonToStop(
  { status, supersededBy, reason }: RolloutControl,
  { wave: { direction } }: RolloutState,
): Pick<RolloutState['wave'], 'verdict' | 'summary'> | null {
  if (supersededBy !== null) {
    return {
      verdict: 'superseded',
      summary: `superseded by rollout ${supersededBy}, which has a newer version`,
    };
  }
  const continues = status === 'running' || (status === 'rolling_back' && direction === 'rollback');
  return continues ? null : { verdict: 'halted', summary: reason ?? `the rollout is ${status}` };
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
      warming: { ...warming(), messages: messages() },
      newPlan: () => randomBytes(6).toString('hex'),
    }),
});
