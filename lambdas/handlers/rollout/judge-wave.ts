import { resultPerTarget } from '../../../core/rollout/deployment-results.ts';
import { judgeWave } from '../../../core/rollout/judge-wave.ts';
import { RolloutState } from '../../../core/rollout/rollout.ts';
import type { InstalledVersions } from '../../../services/registry/installed-versions.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import type { JudgedWave, WaveFiles, WaveResult } from '../../../services/rollouts/wave-files.ts';
import { caughtFailure } from '../../rollout/caught-failure.ts';
import { collectWaves, recordedResults } from '../../rollout/collect-waves.ts';
import { RolloutTask } from '../../rollout/rollout-task.ts';
import { task } from '../../runtime/task.ts';
import { installedVersions, rollouts, waveFiles } from '../../runtime/wiring.ts';

interface Services {
  readonly files: Omit<WaveFiles, 'writeItems'>;
  readonly installed: InstalledVersions;
  readonly rollouts: Pick<Rollouts, 'control'>;
}

/**
 * State JudgeWave: stores the results of the wave and decides what follows. A second call reads and stores the same.
 *
 * If the Map failed, some deployments may still run. The results recorded so far are stored for display, and the rollout
 * halts. After a resume the results are read again.
 */
export const createHandler =
  (by: Services) =>
  async ({ state }: RolloutTask): Promise<RolloutState> => {
    const { rollout, wave } = state;
    const results = await resultsOf(state, by);
    const judged: JudgedWave = {
      ...pick(wave),
      ...(state.deployed === null && { brokeOff: true }),
      results,
    };
    await by.files.writeJudged(rollout.id, judged);
    const previous = await collectWaves({ rollout, wave: { ...wave, number: wave.number - 1 } }, by);
    const control = (await by.rollouts.control(rollout.id)) ?? unknownControl;
    const judgement = judgeWave({ state, waves: [...previous, judged], control });
    if (state.deployed !== null) return { ...state, judgement, failure: null };
    const failure = caughtFailure(state.failure);
    return {
      ...state,
      judgement: {
        ...judgement,
        verdict: 'halt',
        reason: failure.name,
        summary: `wave ${wave.number} was interrupted: ${failure.message}`,
      },
      failure: null,
    };
  };

const unknownControl = { failures: 0, reason: null, supersededBy: null };

const pick = ({ number, direction }: RolloutState['wave']) => ({ number, direction });

async function resultsOf({ rollout, wave, deployed }: RolloutState, by: Services): Promise<WaveResult[]> {
  const items = await by.files.readItems(wave.items);
  if (deployed === null) return recordedResults(rollout.id, items, by.installed);
  const found = await by.files.readResults(deployed);
  return resultPerTarget(
    items.map(({ target }) => target.id),
    found,
    lost,
  );
}

const lost = (targetId: string): WaveResult => ({
  targetId,
  executionArn: '',
  status: 'FAILED',
  outcome: 'lost',
  summary: 'the wave has no result for this target',
});

export const handler = task('JudgeWave', {
  input: RolloutTask,
  result: RolloutState,
  build: () => createHandler({ files: waveFiles(), installed: installedVersions(), rollouts: rollouts() }),
});
