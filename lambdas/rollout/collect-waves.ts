import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { type DeploymentOutcome, outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { RolloutState } from '../../core/rollout/rollout.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { JudgedWave, WaveFiles, WavePlan, WaveResult } from '../../services/rollouts/wave-files.ts';

interface Services {
  readonly files: Pick<WaveFiles, 'locationsOf' | 'readItems' | 'judged'>;
  readonly installed: InstalledVersions;
}

/**
 * All waves up to the current one, in order. A wave may have no final result, because its Map or JudgeWave failed. Its
 * results then come from the records of its deployments, so that a rollback includes its targets.
 */
export async function collectWaves(
  { rollout: { id }, wave }: Pick<RolloutState, 'rollout' | 'wave'>,
  by: Services,
): Promise<JudgedWave[]> {
  const complete = (await by.files.judged(id, wave.number)).filter(({ brokeOff = false }) => !brokeOff);
  const judged = new Map(complete.map((one) => [one.number, one]));
  const waves: JudgedWave[] = [];
  for (let number = 1; number <= wave.number; number += 1) {
    waves.push(
      judged.get(number) ??
        (await waveFromRecords({ rolloutId: id, wave: number, plan: planOf(wave, number) }, by)),
    );
  }
  return waves;
}

async function waveFromRecords(plan: WavePlan, by: Services): Promise<JudgedWave> {
  const items = await by.files.readItems(by.files.locationsOf(plan).items);
  const direction = items.some(({ action }) => action === 'rollback') ? 'rollback' : 'forward';
  return {
    number: plan.wave,
    direction,
    results: await recordedResults(plan.rolloutId, items, by.installed),
  };
}

/** The plan of a wave that the state machine used. Other attempts may have left plans in the bucket too. */
export function planOf({ plans }: Pick<RolloutState['wave'], 'plans'>, wave: number): string {
  const plan = plans[wave - 1];
  if (plan === undefined) throw new Error(`the state has no plan of wave ${wave}`);
  return plan;
}

/**
 * Results of a wave from the records of its deployments. A deployment without a record is `lost` if its request was the last
 * to hold the target's lock: it had started. Otherwise it is `PENDING`.
 */
export async function recordedResults(
  rolloutId: string,
  items: readonly DeploymentRequest[],
  installed: InstalledVersions,
): Promise<WaveResult[]> {
  const ids = items.map(({ target }) => target.id);
  const [records, requested] = [await installed.of(ids), await installed.desiredOf(ids)];
  return items.map(({ target: { id: targetId }, version }) => {
    const last = records.get(targetId);
    if (last?.rollout !== rolloutId) {
      const hasStarted = requested.get(targetId) === (version?.fingerprint ?? null);
      return hasStarted ? lostResult(targetId) : pendingResult(targetId);
    }
    const summary = `recorded ${last.at}`;
    if (hasSucceeded(last.outcome)) {
      return { targetId, executionArn: '', status: 'SUCCEEDED', outcome: last.outcome, summary };
    }
    // a failure that left the version in place was a failed rollback
    if (version !== null && last.fingerprint === version.fingerprint) {
      return { targetId, executionArn: '', status: 'SUCCEEDED', outcome: 'deployed', summary };
    }
    return { targetId, executionArn: '', status: 'FAILED', outcome: last.outcome, summary };
  });
}

const hasSucceeded = (outcome: string) =>
  Object.hasOwn(outcomeMeanings, outcome) && outcomeMeanings[outcome as DeploymentOutcome].succeeded;

const lostResult = (targetId: string): WaveResult => ({
  targetId,
  executionArn: '',
  status: 'FAILED',
  outcome: 'lost',
  summary: 'the deployment started, but recorded no outcome',
});

const pendingResult = (targetId: string): WaveResult => ({
  targetId,
  executionArn: '',
  status: 'PENDING',
  outcome: 'PENDING',
  summary: 'the deployment did not start',
});
