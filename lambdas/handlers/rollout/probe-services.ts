import { type Clock, systemClock } from '../../../core/clock.ts';
import { unavailableError } from '../../../core/probe-failure.ts';
import { decideNextStep, mustServeNewVersion } from '../../../core/rollout/decide-next-step.ts';
import {
  acceptsPreviousVersions,
  judgeServices,
  type ServicesJudgement,
} from '../../../core/rollout/judge-services.ts';
import { type Judgement, RolloutState } from '../../../core/rollout/rollout.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import type { Messages } from '../../../services/notify/sns-messages.ts';
import { staleServiceMessage } from '../../rollout/rollout-messages.ts';
import { RolloutTask } from '../../rollout/rollout-task.ts';
import { task } from '../../runtime/task.ts';
import { messages } from '../../runtime/wiring.ts';

interface Services {
  readonly probe: typeof probe;
  readonly messages: Messages;
  readonly clock: Clock;
  /** Aborts when the time for one round of probes is over. */
  readonly timeout: () => AbortSignal;
}

/**
 * Time for one round of probes: longer than the timeouts of any endpoint, and with a message still within the state's
 * TimeoutSeconds. A service without a result by then counts as stale, and the strategy decides.
 */
export const probeSeconds = 200;

/**
 * State ProbeServices: probes every address of every service endpoint once, in parallel. Until all targets are reached, a
 * service may serve the versions of the remaining targets; after the last wave only the new version. The task changes
 * nothing, so it may be repeated; a repeated call may send the message again. It throws ProbeUnavailable if no service is stale
 * and some could not be probed.
 */
export const createHandler =
  (by: Services) =>
  async ({ state }: RolloutTask): Promise<RolloutState> => {
    const { rollout, wave, judgement } = state;
    const attempt = judgement.attempt + 1;
    const alsoAccepts = acceptsPreviousVersions(wave.previousVersions, by.clock.now());
    const signal = by.timeout();
    const expected = { version: rollout.facts, signal, ...(!mustServeNewVersion(state) && { alsoAccepts }) };
    const probes = await Promise.all(
      rollout.serviceEndpoints.map(async (verify) => ({
        verify,
        observations: await by.probe({ verify, ...expected }),
      })),
    );
    const view = judgeServices(probes, attempt);
    if (view.verdict === 'unavailable') throw unavailableError(view.summary);
    const isReported = view.verdict === 'stale' && rollout.strategy.onStaleService === 'report';
    if (isReported)
      await by.messages.send(staleServiceMessage(rollout, view.summary, by.messages.commandLine));
    return {
      ...state,
      judgement: { ...judgement, attempt, ...judgementOf(state, { ...view, verdict: view.verdict }) },
      failure: null,
    };
  };

type MadeVerdict = Exclude<ServicesJudgement['verdict'], 'unavailable'>;
type WaveJudgement = Pick<Judgement, 'verdict' | 'waitSeconds' | 'summary' | 'reason'>;

function judgementOf(
  state: RolloutState,
  { verdict, waitSeconds, summary }: ServicesJudgement & { verdict: MadeVerdict },
): WaveJudgement {
  const common = { waitSeconds, summary, reason: null };
  switch (verdict) {
    case 'right':
      return { ...common, verdict: decideNextStep(state) };
    case 'back_off':
      return { ...common, verdict: 'back_off' };
    case 'stale':
      return state.rollout.strategy.onStaleService === 'report'
        ? { ...common, verdict: decideNextStep(state) }
        : { ...common, verdict: 'halt', reason: 'ServiceStale' };
  }
}

export const handler = task('ProbeServices', {
  input: RolloutTask,
  result: RolloutState,
  build: () =>
    createHandler({
      probe,
      messages: messages(),
      clock: systemClock,
      timeout: () => AbortSignal.timeout(probeSeconds * 1000),
    }),
});
