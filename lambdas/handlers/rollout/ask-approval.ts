import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { Messages } from '../../../services/notify/sns-messages.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { approvalLink } from '../../rollout/approval-link.ts';
import { approvalMessage } from '../../rollout/rollout-messages.ts';
import { RolloutTask } from '../../rollout/rollout-task.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { messages, rollouts } from '../../runtime/wiring.ts';

const Input = z.extend(RolloutTask, {
  taskToken: z.string(),
  attempt: z.object({ enteredAt: z.string(), retries: z.int() }),
});
type Input = z.infer<typeof Input>;

interface Services {
  readonly rollouts: Pick<Rollouts, 'requestApproval'>;
  readonly messages: Messages;
  readonly clock: Clock;
  /** 32 bytes that nobody can guess. */
  readonly secret: () => Buffer;
  readonly approvalUrl: string | undefined;
}

/**
 * State AwaitApproval: asks a person and returns; the answer completes the state. A retried state asks again with its
 * new token: its question takes the place of the first, whose link decides nothing any more. An attempt that comes after
 * a later one asks nothing: its token completes nothing. The secret of a link is kept nowhere but in the message.
 */
export const createHandler =
  (by: Services) =>
  async ({ state, taskToken, attempt }: Input): Promise<TaskSummary> => {
    const { rollout, wave } = state;
    const secret = by.secret().toString('base64url');
    const isLatest = await by.rollouts.requestApproval({
      rolloutId: rollout.id,
      wave: wave.number,
      taskToken,
      attempt: inOrder(attempt),
      secretHash: createHash('sha256').update(secret).digest('hex'),
      requestedAt: by.clock.now().toISOString(),
    });
    if (!isLatest) return { summary: `a later attempt has asked after wave ${wave.number}` };
    const link = approvalLink(by.approvalUrl, { rollout: rollout.id, wave: wave.number, secret });
    await by.messages.tell(approvalMessage(rollout, wave, { link, line: by.messages.commandLine }));
    return { summary: `a person is asked after wave ${wave.number}` };
  };

/** Attempts as text that sorts as they follow each other: a redrive enters the state anew. */
const inOrder = ({ enteredAt, retries }: Input['attempt']) =>
  `${enteredAt}#${String(retries).padStart(6, '0')}`;

export const handler = task('AskApproval', {
  input: Input,
  result: TaskSummary,
  build: () =>
    createHandler({
      rollouts: rollouts(),
      messages: messages(),
      clock: systemClock,
      secret: () => randomBytes(32),
      approvalUrl: setting('APPROVAL_URL'),
    }),
});
