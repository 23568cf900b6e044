import type { Clock } from '../../core/clock.ts';
import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { isLast } from '../../core/rollout/after-wave.ts';
import { type Plan, planForward } from '../../core/rollout/plan.ts';
import { failuresIn, hadTheirTurn } from '../../core/rollout/results.ts';
import type { RolloutState, Wave } from '../../core/rollout/rollout.ts';
import { waiting } from '../../core/rollout/waiting.ts';
import { toleratedOf } from '../../core/rollout/waves.ts';
import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';
import type { WaveFiles } from '../../services/rollouts/wave-files.ts';
import { collectWaves } from './collect-waves.ts';
import { resolveRolloutTargets } from './resolve-rollout-targets.ts';

/** What planning a wave takes. `random`: from 0 up to, not including, 1; `newPlan`: a name that no attempt has had. */
export interface WavePlanServices {
  readonly catalogue: Pick<Catalogue, 'targets'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
  readonly rollouts: Pick<Rollouts, 'control' | 'setTolerated'>;
  readonly files: Pick<WaveFiles, 'placeOf' | 'readItems' | 'writeItems' | 'judged'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newPlan: () => string;
}

/** The next wave on the way to the new version, its deployments written to the bucket. */
export async function nextForwardWave(
  state: RolloutState,
  control: RolloutControl,
  by: WavePlanServices,
): Promise<RolloutState> {
  const { rollout, judgement } = state;
  const { places, refused, unfound } = await resolveRolloutTargets(rollout, by);
  const waves = await collectWaves(state, by);
  const { sinceWave } = judgement;
  const tolerated = toleratedOf(rollout.strategy.toleratedFailures, places.length + refused.length);
  const failed = Math.max(failuresIn(waves, sinceWave) + refused.length, control.failures);
  await by.rollouts.setTolerated(rollout.id, tolerated);
  const done = hadTheirTurn(waves, sinceWave);
  const now = by.clock.now();
  const plan = planForward({ rollout, places, refused: refused.length, done, now });
  const planned = { ...state, judgement: { ...judgement, failed, tolerated } };
  if (failed > tolerated) return tooManyFailures(planned, plan, refused);
  const wave = { ...state.wave, ...progressOf(plan), refused: refused.length, unfound };
  switch (plan.verdict) {
    case 'deploy':
      return { ...planned, wave: await written(planned, { ...wave, step: plan.step }, plan, by) };
    case 'wait': {
      const summary = `${plan.reached} of ${plan.total} reached; ${plan.why}`;
      const seconds = plan.waitSeconds;
      return { ...planned, wave: waiting({ ...wave, verdict: 'wait', summary }, { seconds, now }) };
    }
    case 'finished': {
      const summary = finishedWords(plan, failed, unfound);
      if (mustLook(state, plan)) return lookingFirst(planned, { ...wave, summary });
      return { ...planned, wave: { ...wave, verdict: 'finished', summary } };
    }
  }
}

/**
 * Whether the services have to be looked at although there is no wave to be judged: everybody has the version already, it
 * was resumed after a halt for them, or hosts have gone since. Where nobody has it, or a part had nothing to do, they are not
 * this rollout's to judge.
 */
function mustLook({ rollout, wave, judgement }: RolloutState, { total }: Plan): boolean {
  if (rollout.serviceEndpoints.length === 0 || total === 0) return false;
  const isPart = rollout.only !== null;
  const wereRight = judgement.attempt > 0 && (isPart || isLast(wave));
  return !wereRight && (!isPart || wave.number > 0);
}

function lookingFirst(state: RolloutState, wave: Wave): RolloutState {
  const judgement = { ...state.judgement, attempt: 0, verdict: 'probe_services' as const };
  return { ...state, judgement, wave: { ...wave, verdict: 'probe_services' } };
}

function finishedWords({ total }: Plan, failed: number, unfound: string | null): string {
  if (total === 0) return `nothing to deploy to${unfound === null ? '' : `: ${unfound}`}`;
  const failures = failed === 0 ? '' : `, ${failed} of them failed`;
  return `all ${total} targets reached${failures}${unfound === null ? '' : `; ${unfound}`}`;
}

const progressOf = ({
  reached,
  total,
  before,
}: Plan): Pick<Wave, 'reached' | 'total' | 'before' | 'count' | 'waitSeconds'> => ({
  reached,
  total,
  before,
  count: 0,
  waitSeconds: 0,
});

/** Known before a host hears of it: what was refused, or failed after the last wave was judged. */
function tooManyFailures(state: RolloutState, plan: Plan, refused: readonly string[]): RolloutState {
  const { failed, tolerated } = state.judgement;
  const without =
    refused.length === 0
      ? ''
      : `; without an address that their endpoint asks for: ${refused.slice(0, 5).join(', ')}${refused.length > 5 ? ', …' : ''}`;
  const summary = `${failed} failed, ${tolerated} tolerated${without}`;
  return {
    ...state,
    wave: { ...state.wave, ...progressOf(plan), refused: refused.length, verdict: 'halted', summary },
    judgement: { ...state.judgement, verdict: 'halt', summary, reason: 'TooManyFailures' },
  };
}

async function written(
  { rollout, judgement }: RolloutState,
  wave: Wave,
  { chosen, step, waiting }: Extract<Plan, { verdict: 'deploy' }>,
  by: WavePlanServices,
): Promise<Wave> {
  const { strategy, version, id } = rollout;
  const splay = chosen.length === 1 ? 0 : strategy.splaySeconds;
  const { fingerprint, source } = version;
  const requests = chosen.map(
    ({ target }): DeploymentRequest => ({
      target,
      action: 'deploy',
      version: { fingerprint, source },
      rollout: id,
      toleratedFailures: judgement.tolerated,
      splaySeconds: Math.floor(by.random() * (splay + 1)),
    }),
  );
  const number = wave.number + 1;
  const plan = by.newPlan();
  const places = by.files.placeOf({ rolloutId: id, wave: number, plan });
  await by.files.writeItems(places.items, requests);
  const later = waiting === 0 ? '' : `; ${waiting} wait for their turn`;
  const goal = strategy.waves[step];
  const summary = `wave ${number} (${goal}): ${chosen.length} of ${wave.total}, ${wave.reached} reached before${later}`;
  return {
    ...wave,
    ...places,
    plans: [...wave.plans, plan],
    verdict: 'deploy',
    number,
    count: chosen.length,
    maxConcurrency: strategy.maxConcurrency,
    summary,
  };
}
