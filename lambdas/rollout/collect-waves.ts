import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { type DeploymentOutcome, outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { RolloutState } from '../../core/rollout/rollout.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { JudgedWave, WaveFiles, WavePlan, WaveResult } from '../../services/rollouts/wave-files.ts';

interface Services {
  readonly files: Pick<WaveFiles, 'placeOf' | 'readItems' | 'judged'>;
  readonly installed: InstalledVersions;
}

/**
 * All waves up to the state's, in order. One that broke off, or that nobody could judge (the task that judges failed for
 * good), is told from what its deployments have recorded by now, so that what it changed is put back like the rest.
 */
export async function collectWaves(
  { rollout: { id }, wave }: Pick<RolloutState, 'rollout' | 'wave'>,
  by: Services,
): Promise<JudgedWave[]> {
  const kept = (await by.files.judged(id, wave.number)).filter(({ brokeOff = false }) => !brokeOff);
  const judged = new Map(kept.map((one) => [one.number, one]));
  const waves: JudgedWave[] = [];
  for (let number = 1; number <= wave.number; number += 1) {
    waves.push(
      judged.get(number) ?? (await unjudged({ rolloutId: id, wave: number, plan: planOf(wave, number) }, by)),
    );
  }
  return waves;
}

async function unjudged(plan: WavePlan, by: Services): Promise<JudgedWave> {
  const items = await by.files.readItems(by.files.placeOf(plan).items);
  const direction = items.some(({ action }) => action === 'rollback') ? 'back' : 'forward';
  return {
    number: plan.wave,
    direction,
    results: await recordedResults(plan.rolloutId, items, by.installed),
  };
}

/** The plan of a wave that was answered, whatever other attempts at the wave have left in the bucket. */
export function planOf({ plans }: Pick<RolloutState['wave'], 'plans'>, wave: number): string {
  const plan = plans[wave - 1];
  if (plan === undefined) throw new Error(`the state does not say which plan of wave ${wave} was answered`);
  return plan;
}

/**
 * How the deployments of a wave ended, by what they recorded. Of those that recorded nothing: `lost` where their request
 * was the last to get the target's lock, so they had begun; else that they never began.
 */
export async function recordedResults(
  rolloutId: string,
  items: readonly DeploymentRequest[],
  installed: InstalledVersions,
): Promise<WaveResult[]> {
  const ids = items.map(({ target }) => target.id);
  const [known, wanted] = [await installed.of(ids), await installed.desiredOf(ids)];
  return items.map(({ target: { id: targetId }, version }) => {
    const last = known.get(targetId);
    if (last?.rollout !== rolloutId) {
      const hasBegun = wanted.get(targetId) === (version?.fingerprint ?? null);
      return hasBegun ? brokenOff(targetId) : neverBegun(targetId);
    }
    const summary = `recorded ${last.at}`;
    if (hasSucceeded(last.outcome)) {
      return { targetId, executionArn: '', status: 'SUCCEEDED', outcome: last.outcome, summary };
    }
    // what failed and left the version there was an attempt at putting it back
    if (version !== null && last.fingerprint === version.fingerprint) {
      return { targetId, executionArn: '', status: 'SUCCEEDED', outcome: 'deployed', summary };
    }
    return { targetId, executionArn: '', status: 'FAILED', outcome: last.outcome, summary };
  });
}

const hasSucceeded = (outcome: string) =>
  Object.hasOwn(outcomeMeanings, outcome) && outcomeMeanings[outcome as DeploymentOutcome].succeeded;

const brokenOff = (targetId: string): WaveResult => ({
  targetId,
  executionArn: '',
  status: 'FAILED',
  outcome: 'lost',
  summary: 'it had begun, and has recorded nothing',
});

const neverBegun = (targetId: string): WaveResult => ({
  targetId,
  executionArn: '',
  status: 'PENDING',
  outcome: 'PENDING',
  summary: 'it recorded nothing',
});
