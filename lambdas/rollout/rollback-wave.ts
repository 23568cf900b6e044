import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { planBack } from '../../core/rollout/back.ts';
import type { RolloutState, Wave } from '../../core/rollout/rollout.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import { collectWaves, planOf } from './collect-waves.ts';
import type { WavePlanServices } from './forward-wave.ts';

/**
 * The next wave on the way back, its rollbacks written to the bucket. Windows and splay are for the way forward: what was
 * found to be wrong is put back at once.
 */
export async function nextRollbackWave(state: RolloutState, by: WavePlanServices): Promise<RolloutState> {
  const { rollout, judgement } = state;
  const waves = await collectWaves(state, by);
  const ids = [...new Set(waves.flatMap(({ results }) => results.map(({ targetId }) => targetId)))];
  const [known, wanted] = [await by.installed.of(ids), await by.installed.desiredOf(ids)];
  const plan = planBack({
    waves,
    sinceWave: judgement.sinceWave,
    fingerprint: rollout.version.fingerprint,
    installed: (targetId) => versionLeft(known.get(targetId), wanted.get(targetId), rollout),
    isLost: (targetId) => isLostSince(known.get(targetId), rollout),
  });
  const wave = { ...state.wave, count: 0, waitSeconds: 0 };
  switch (plan.verdict) {
    case 'deploy':
      return { ...state, wave: await written(state, wave, plan, by) };
    case 'rolled_back': {
      const summary = 'everything that this rollout changed is put back';
      return { ...state, wave: { ...wave, verdict: 'rolled_back', summary } };
    }
    case 'rollback_incomplete': {
      const { targetIds } = plan;
      const shown = targetIds.slice(0, shownTargets).join(', ');
      const more = targetIds.length > shownTargets ? ` and ${targetIds.length - shownTargets} more` : '';
      const summary = `not put back, or not known: ${shown}${more}`;
      return { ...state, wave: { ...wave, verdict: 'rollback_incomplete', summary } };
    }
  }
}

/**
 * Nobody knows what it has, since this rollout was there or somebody who came after it: their deployment's being lost is
 * no news of ours, which may have been told a refusal only because it had lost its lock.
 */
function isLostSince(has: InstalledVersion | undefined, { id, startedAt }: RolloutState['rollout']): boolean {
  return has?.fingerprint === null && (has.rollout === id || has.at >= startedAt);
}

/**
 * What a target has; null when nobody knows. A deployment of somebody else's, though of the same version, is theirs to
 * undo. Where this version was wanted last and another one is written, a deployment that broke off may not be written yet.
 */
function versionLeft(
  has: InstalledVersion | undefined,
  wanted: string | null | undefined,
  { id, version: { fingerprint } }: RolloutState['rollout'],
): string | null {
  if (has === undefined) return null;
  if (has.fingerprint !== fingerprint) return wanted === fingerprint ? null : has.fingerprint;
  return has.rollout === undefined || has.rollout === id ? fingerprint : 'theirs';
}

/** Whoever is woken needs the names; thousands of them are in the history. */
const shownTargets = 20;

async function written(
  { rollout: { id, strategy, version } }: RolloutState,
  wave: Wave,
  { ofWave, targetIds }: { readonly ofWave: number; readonly targetIds: readonly string[] },
  by: WavePlanServices,
): Promise<Wave> {
  const itsPlan = { rolloutId: id, wave: ofWave, plan: planOf(wave, ofWave) };
  const before = await by.files.readItems(by.files.placeOf(itsPlan).items);
  const targets = new Map(before.map(({ target }) => [target.id, target]));
  const requests = targetIds.flatMap((targetId): DeploymentRequest[] => {
    const target = targets.get(targetId);
    return target === undefined
      ? []
      : [
          {
            target,
            action: 'rollback',
            version: null,
            replaces: version.fingerprint,
            rollout: id,
            splaySeconds: 0,
          },
        ];
  });
  const number = wave.number + 1;
  const plan = by.newPlan();
  const places = by.files.placeOf({ rolloutId: id, wave: number, plan });
  await by.files.writeItems(places.items, requests);
  const count = requests.length;
  return {
    ...wave,
    ...places,
    plans: [...wave.plans, plan],
    verdict: 'deploy',
    number,
    count,
    maxConcurrency: strategy.maxConcurrency,
    summary: `wave ${number}: putting back ${count} of wave ${ofWave}`,
  };
}
