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
 * State HaltRollout: from now on no deployment of this rollout begins. Called again it answers the same, and people may
 * be told twice. A rollout that halts while it puts back stays where it is, and so does one that halts for what its
 * services serve: that puts no node back, unless a person asks for it.
 */
export const createHandler =
  (by: Services) =>
  async ({ state, redriveCount }: Input): Promise<RolloutState> => {
    const { rollout, wave } = state;
    const control = await by.rollouts.control(rollout.id);
    const why = haltReason(state, control?.reason ?? null);
    const text = `${why.reason}: ${why.summary}`;
    await by.rollouts.halt(rollout.id, text, redriveCount);
    const halt: Halt = { ...why, verdict: verdictOf(state, control), redriveCount };
    if (halt.verdict === 'stop') return { ...state, halt };
    await by.rollouts.startRollback(rollout.id, redriveCount);
    await by.messages.tell(rollingBackMessage(rollout, text, by.messages.commandLine));
    return { ...state, halt, wave: { ...wave, direction: 'back' } };
  };

/** A person may have asked for putting back, whatever the strategy says. */
function verdictOf(state: RolloutState, control: RolloutControl | null): Halt['verdict'] {
  const { rollout, wave } = state;
  if (wave.direction === 'back') return 'stop';
  const isStrategys = rollout.strategy.onHalt === 'rollback' && !isAboutServices(state);
  return isStrategys || control?.rollbackRequested === true ? 'roll_back' : 'stop';
}

/** A service that is stale, or that nobody could look at, says nothing against the nodes: each has been verified. */
function isAboutServices({ judgement: { verdict, reason }, failure }: RolloutState): boolean {
  if (failure === null) return verdict === 'halt' && reason === 'ServiceStale';
  return verdict === 'probe_services' || verdict === 'back_off';
}

export const handler = task('HaltRollout', {
  input: Input,
  result: RolloutState,
  build: () => createHandler({ rollouts: rollouts(), messages: messages() }),
});
