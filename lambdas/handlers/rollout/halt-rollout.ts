import * as z from 'zod/mini';
import { type Halt, RolloutState } from '../../../core/rollout/rollout.ts';
import type { Messages } from '../../../services/notify/sns-messages.ts';
import type { RolloutControl } from '../../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { haltReason } from '../../rollout/halt-reason.ts';
import { rollingBackMessage } from '../../rollout/rollout-messages.ts';
import { RolloutTask } from '../../rollout/rollout-task.ts';
import { task } from '../../runtime/task.ts';
import { messages, rollouts } from '../../runtime/wiring.ts';

const Input = z.extend(RolloutTask, { redriveCount: z.int() });
type Input = z.infer<typeof Input>;

interface Services {
  readonly rollouts: Pick<Rollouts, 'control' | 'halt' | 'startRollback'>;
  readonly messages: Messages;
}

/**
 * State HaltRollout: no further deployment of this rollout starts. A second call returns the same, but may send the message
 * again. A rollout that halts during its rollback stops. So does a rollout that halts because of its services, or because
 * probes could not be made, unless an operator has requested a rollback.
 */
export const createHandler =
  (by: Services) =>
  async ({ state, redriveCount }: Input): Promise<RolloutState> => {
    const { rollout, wave } = state;
    const control = await by.rollouts.control(rollout.id);
    const reason = haltReason(state, control?.reason ?? null);
    const text = `${reason.reason}: ${reason.summary}`;
    await by.rollouts.halt(rollout.id, text, redriveCount);
    const halt: Halt = { ...reason, verdict: verdictOf(state, control), redriveCount };
    if (halt.verdict === 'stop') return { ...state, halt };
    await by.rollouts.startRollback(rollout.id, redriveCount);
    await by.messages.send(rollingBackMessage(rollout, text, by.messages.commandLine));
    return { ...state, halt, wave: { ...wave, direction: 'rollback' } };
  };

/** The request of an operator takes precedence over the strategy. */
function verdictOf(state: RolloutState, control: RolloutControl | null): Halt['verdict'] {
  const { rollout, wave } = state;
  if (wave.direction === 'rollback') return 'stop';
  const strategyRollsBack =
    rollout.strategy.onHalt === 'rollback' && !isAboutServices(state) && !isAboutProbes(state);
  return strategyRollsBack || control?.rollbackRequested === true ? 'rollback' : 'stop';
}

/** Whether the rollout halts because of a stale or unreachable service. The targets themselves are verified. */
function isAboutServices({ judgement: { verdict, reason }, failure }: RolloutState): boolean {
  if (failure === null) return verdict === 'halt' && reason === 'ServiceStale';
  return verdict === 'probe_services' || verdict === 'back_off';
}

/** Whether too many deployments could not be probed. That is no evidence against the new version. */
function isAboutProbes({ judgement: { verdict, reason }, failure }: RolloutState): boolean {
  return failure === null && verdict === 'halt' && reason === 'TooManyUnprobed';
}

export const handler = task('HaltRollout', {
  input: Input,
  result: RolloutState,
  build: () => createHandler({ rollouts: rollouts(), messages: messages() }),
});
