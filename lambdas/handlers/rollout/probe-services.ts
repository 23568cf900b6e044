import { type Clock, systemClock } from '../../../core/clock.ts';
import { afterWave, isDecisive } from '../../../core/rollout/after-wave.ts';
import { type Judgement, RolloutState } from '../../../core/rollout/rollout.ts';
import { judgeServices, mayStillServe, type ServicesView } from '../../../core/rollout/services.ts';
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
  /** Tells when the time of one look is up. */
  readonly timeIsUp: () => AbortSignal;
}

/**
 * Longer than any endpoint's own times add up to, and short enough for the state's TimeoutSeconds with a message to
 * people: a service that cannot be seen in time is stale, and what that means is the strategy's to say.
 */
export const lookSeconds = 200;

/**
 * State ProbeServices: one look at every address of every service endpoint, all at once. While not all targets are
 * reached a service may serve what the others have; after the last wave only the new version. It changes nothing, so
 * any call may be repeated; a repeated report is told twice.
 */
export const createHandler =
  (by: Services) =>
  async ({ state }: RolloutTask): Promise<RolloutState> => {
    const { rollout, wave, judgement } = state;
    const attempt = judgement.attempt + 1;
    const besides = mayStillServe(wave.before, by.clock.now());
    const signal = by.timeIsUp();
    const question = { version: rollout.facts, signal, ...(!isDecisive(state) && { besides }) };
    const looks = await Promise.all(
      rollout.serviceEndpoints.map(async (verify) => ({
        verify,
        observations: await by.probe({ verify, ...question }),
      })),
    );
    const view = judgeServices(looks, attempt);
    const reported = view.verdict === 'stale' && rollout.strategy.onStaleService === 'report';
    if (reported) await by.messages.tell(staleServiceMessage(rollout, view.summary, by.messages.commandLine));
    return { ...state, judgement: { ...judgement, attempt, ...judged(state, view) }, failure: null };
  };

type Judged = Pick<Judgement, 'verdict' | 'waitSeconds' | 'summary' | 'reason'>;

function judged(state: RolloutState, { verdict, waitSeconds, summary }: ServicesView): Judged {
  const said = { waitSeconds, summary, reason: null };
  switch (verdict) {
    case 'right':
      return { ...said, verdict: afterWave(state) };
    case 'back_off':
      return { ...said, verdict: 'back_off' };
    case 'stale':
      return state.rollout.strategy.onStaleService === 'report'
        ? { ...said, verdict: afterWave(state) }
        : { ...said, verdict: 'halt', reason: 'ServiceStale' };
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
      timeIsUp: () => AbortSignal.timeout(lookSeconds * 1000),
    }),
});
