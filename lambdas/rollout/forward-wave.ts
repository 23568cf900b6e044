import type { Clock } from '../../core/clock.ts';
import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { isLast } from '../../core/rollout/decide-next-step.ts';
import { attemptedTargets, failuresIn } from '../../core/rollout/deployment-results.ts';
import { type Plan, planWave } from '../../core/rollout/plan-wave.ts';
import type { RolloutState, Wave } from '../../core/rollout/rollout.ts';
import { startWaiting } from '../../core/rollout/wait-schedule.ts';
import { toleratedOf } from '../../core/rollout/wave-sizes.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';
import type { WaveFiles } from '../../services/rollouts/wave-files.ts';
import { collectWaves } from './collect-waves.ts';
import { findAwaitedRollout, waitingFor } from './follow-current.ts';
import { resolveRolloutTargets } from './resolve-rollout-targets.ts';
import { type WaveWarming, warmWave } from './warm-wave.ts';
import { type WaveWriter, writeWave } from './write-wave.ts';

/** Services for planning a wave. `random`: at least 0, less than 1. */
export interface WavePlanServices extends WaveWriter {
  readonly catalogue: Pick<Catalogue, 'targets'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
  readonly rollouts: Pick<Rollouts, 'control' | 'runningFull' | 'setTolerated'>;
  readonly files: Pick<WaveFiles, 'locationsOf' | 'readItems' | 'writeItems' | 'judged'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Warms hosts before their wave. */
  readonly warming: WaveWarming;
}

type WaveToDeploy = Extract<Plan, { verdict: 'deploy' }>;

/** Plans the next wave of deployments and writes it to the bucket. */
export async function nextForwardWave(
  state: RolloutState,
  control: RolloutControl,
  by: WavePlanServices,
): Promise<RolloutState> {
  const { rollout, judgement } = state;
  const { targets, refused, unresolved } = await resolveRolloutTargets(rollout, by);
  const waves = await collectWaves(state, by);
  const { sinceWave } = judgement;
  const tolerated = toleratedOf(rollout.strategy.toleratedFailures, targets.length + refused.length);
  const failed = Math.max(failuresIn(waves, sinceWave) + refused.length, control.failures);
  await by.rollouts.setTolerated(rollout.id, tolerated);
  const done = attemptedTargets(waves, sinceWave);
  const now = by.clock.now();
  const { startingSince = null } = state.wave;
  const plan = planWave({ rollout, targets, refused: refused.length, done, startingSince, now });
  const planned = { ...state, judgement: { ...judgement, failed, tolerated } };
  if (failed > tolerated) return tooManyFailures(planned, plan, refused);
  const wave: Wave = {
    ...state.wave,
    ...progressOf(plan),
    refused: refused.length,
    unresolved,
    startingSince: null,
  };
  switch (plan.verdict) {
    case 'deploy': {
      const requests = requestsOf(planned, plan, by.random);
      const until = new Date(now.getTime() + timeBudgets.warmHosts * 1000);
      const warmed = await warmWave(by.warming, { rollout, requests, until });
      const summary = waveSummary(rollout.strategy.waves[plan.step], { ...wave, warmed }, plan);
      return {
        ...planned,
        wave: await writeWave(rollout, { ...wave, step: plan.step }, requests, summary, by),
      };
    }
    case 'wait': {
      const summary = `${plan.reached} of ${plan.total} targets reached; ${plan.why}`;
      const since = plan.forStarting ? (startingSince ?? Math.floor(now.getTime() / 1000)) : null;
      const waiting: Wave = { ...wave, verdict: 'wait', summary, startingSince: since };
      return { ...planned, wave: startWaiting(waiting, { seconds: plan.waitSeconds, now }) };
    }
    case 'finished': {
      const summary = finishedSummary(plan, failed, unresolved);
      const awaited = await findAwaitedRollout(rollout, now, by);
      if (awaited !== null) return { ...planned, wave: waitingFor(awaited, { ...wave, summary }, now) };
      if (mustProbeServices(state, plan)) return probingServices(planned, { ...wave, summary });
      return { ...planned, wave: { ...wave, verdict: 'finished', summary } };
    }
  }
}

/**
 * Whether to probe the services although there is no wave to judge. This is the case if all targets had the version already,
 * if the rollout was resumed after a halt because of a service, or if hosts have disappeared. Without any target, or if a
 * rollout for a part deployed nothing, this rollout does not judge the services.
 */
function mustProbeServices({ rollout, wave, judgement }: RolloutState, { total }: Plan): boolean {
  if (rollout.serviceEndpoints.length === 0 || total === 0) return false;
  const isPart = rollout.only !== null;
  const servicesWereOk = judgement.attempt > 0 && (isPart || isLast(wave));
  return !servicesWereOk && (!isPart || wave.number > 0);
}

function probingServices(state: RolloutState, wave: Wave): RolloutState {
  const judgement = { ...state.judgement, attempt: 0, verdict: 'probe_services' as const };
  return { ...state, judgement, wave: { ...wave, verdict: 'probe_services' } };
}

function finishedSummary(
  { total, reached, starting }: Extract<Plan, { verdict: 'finished' }>,
  failed: number,
  unresolved: string | null,
): string {
  if (total === 0) return `no target to deploy to${unresolved === null ? '' : `: ${unresolved}`}`;
  const failures = failed === 0 ? '' : `, ${failed} failed`;
  const all = total === 1 ? 'the only target' : `all ${total} targets`;
  const which =
    starting === 0 ? `${all} reached` : `${reached} of ${total} targets reached, ${starting} still starting`;
  return `${which}${failures}${unresolved === null ? '' : `; ${unresolved}`}`;
}

const progressOf = ({
  reached,
  total,
  previousVersions,
}: Plan): Pick<Wave, 'reached' | 'total' | 'previousVersions' | 'count' | 'waitSeconds'> => ({
  reached,
  total,
  previousVersions,
  count: 0,
  waitSeconds: 0,
});

/** Halts before the next deployment: too many targets were refused, or failed after the last wave was judged. */
function tooManyFailures(state: RolloutState, plan: Plan, refused: readonly string[]): RolloutState {
  const { failed, tolerated } = state.judgement;
  const noAddress =
    refused.length === 0
      ? ''
      : `; no address for the endpoint of: ${refused.slice(0, 5).join(', ')}${refused.length > 5 ? ', …' : ''}`;
  const summary = `${failed} failed, ${tolerated} tolerated${noAddress}`;
  return {
    ...state,
    wave: { ...state.wave, ...progressOf(plan), refused: refused.length, verdict: 'halted', summary },
    judgement: { ...state.judgement, verdict: 'halt', summary, reason: 'TooManyFailures' },
  };
}

/** The deployments of the chosen targets, each with a random delay within the splay. A single one does not wait. */
function requestsOf(
  { rollout, judgement }: RolloutState,
  { chosen }: WaveToDeploy,
  random: WavePlanServices['random'],
): DeploymentRequest[] {
  const { strategy, version, id } = rollout;
  const splay = chosen.length === 1 ? 0 : strategy.splaySeconds;
  const { fingerprint, source } = version;
  return chosen.map(({ target }) => ({
    target,
    action: 'deploy',
    version: { fingerprint, source },
    rollout: id,
    toleratedFailures: judgement.tolerated,
    splaySeconds: Math.floor(random() * (splay + 1)),
  }));
}

function waveSummary(
  size: string | number | undefined,
  wave: Wave & { readonly warmed: string },
  { chosen, waiting }: WaveToDeploy,
): (number: number) => string {
  const later = waiting === 0 ? '' : `; ${waiting} more wait`;
  return (number) =>
    `wave ${number} (${size}): ${chosen.length} of ${wave.total} targets, ${wave.reached} already reached${later}${wave.warmed}`;
}
