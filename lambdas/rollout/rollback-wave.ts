import { counted } from '../../core/counted.ts';
import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { planRollback } from '../../core/rollout/plan-rollback.ts';
import type { RolloutState } from '../../core/rollout/rollout.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import { collectWaves, planOf } from './collect-waves.ts';
import type { WavePlanServices } from './forward-wave.ts';
import { writeWave } from './write-wave.ts';

/**
 * Plans the next wave of a rollback and writes its deployments to the bucket. Maintenance windows and splay do not apply: a
 * rollback starts at once.
 */
export async function nextRollbackWave(state: RolloutState, by: WavePlanServices): Promise<RolloutState> {
  const { rollout, judgement } = state;
  const waves = await collectWaves(state, by);
  const ids = [...new Set(waves.flatMap(({ results }) => results.map(({ targetId }) => targetId)))];
  const [installed, requested] = [await by.installed.of(ids), await by.installed.desiredOf(ids)];
  const plan = planRollback({
    waves,
    sinceWave: judgement.sinceWave,
    fingerprint: rollout.version.fingerprint,
    installed: (targetId) => installedVersion(installed.get(targetId), requested.get(targetId), rollout),
    isLost: (targetId) => isLost(installed.get(targetId), rollout),
  });
  const wave = { ...state.wave, count: 0, waitSeconds: 0 };
  switch (plan.verdict) {
    case 'deploy': {
      const requests = await requestsOf(state, plan, by.files);
      const summary = (number: number) =>
        `wave ${number}: rolling back ${counted(requests.length, 'target')} of wave ${plan.ofWave}`;
      return { ...state, wave: await writeWave(rollout, wave, requests, summary, by) };
    }
    case 'rolled_back': {
      const summary = 'all targets that this rollout changed are rolled back';
      return { ...state, wave: { ...wave, verdict: 'rolled_back', summary } };
    }
    case 'rollback_incomplete': {
      const { targetIds } = plan;
      const listed = targetIds.slice(0, listedTargets).join(', ');
      const more = targetIds.length > listedTargets ? ` and ${targetIds.length - listedTargets} more` : '';
      const summary = `not rolled back, or state unknown: ${listed}${more}`;
      return { ...state, wave: { ...wave, verdict: 'rollback_incomplete', summary } };
    }
  }
}

/**
 * Whether the version of a target is unknown since this rollout or a later deployment. A later deployment counts too: this
 * rollout's own may have been rejected only because it had lost its lock.
 */
function isLost(
  installed: InstalledVersion | undefined,
  { id, startedAt }: RolloutState['rollout'],
): boolean {
  return installed?.fingerprint === null && (installed.rollout === id || installed.at >= startedAt);
}

/**
 * The version of a target; null when it is unknown. If another rollout deployed the same version, only that rollout may
 * roll it back. If the last request was for this version and the registry has another one, a deployment may have broken
 * off before it was recorded; then the version is unknown.
 */
function installedVersion(
  installed: InstalledVersion | undefined,
  requested: string | null | undefined,
  { id, version: { fingerprint } }: RolloutState['rollout'],
): string | null {
  if (installed === undefined) return null;
  if (installed.fingerprint !== fingerprint) return requested === fingerprint ? null : installed.fingerprint;
  return installed.rollout === undefined || installed.rollout === id ? fingerprint : 'of another rollout';
}

/** The message lists this many targets; the history has all of them. */
const listedTargets = 20;

/** The rollbacks of these targets. Each target comes from the wave that deployed to it. */
async function requestsOf(
  { rollout: { id, version }, wave }: RolloutState,
  { ofWave, targetIds }: { readonly ofWave: number; readonly targetIds: readonly string[] },
  files: WavePlanServices['files'],
): Promise<DeploymentRequest[]> {
  const forwardPlan = { rolloutId: id, wave: ofWave, plan: planOf(wave, ofWave) };
  const forwardRequests = await files.readItems(files.locationsOf(forwardPlan).items);
  const targets = new Map(forwardRequests.map(({ target }) => [target.id, target]));
  return targetIds.flatMap((targetId): DeploymentRequest[] => {
    const target = targets.get(targetId);
    if (target === undefined) return [];
    const replaces = version.fingerprint;
    return [{ target, action: 'rollback', version: null, replaces, rollout: id, splaySeconds: 0 }];
  });
}
