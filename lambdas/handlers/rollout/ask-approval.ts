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
  /** 32 random bytes. */
  readonly secret: () => Buffer;
  readonly approvalUrl: string | undefined;
}

/**
 * State AwaitApproval: sends the approval request and returns; the decision completes the state. A retried state sends a new
 * request with its new task token, and the link of the first request becomes invalid. If a later attempt has already sent
 * its request, this call sends none. The secret of the link is stored only in the message.
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
      attempt: sortableAttempt(attempt),
      secretHash: createHash('sha256').update(secret).digest('hex'),
      requestedAt: by.clock.now().toISOString(),
    });
    if (!isLatest)
      return { summary: `a later attempt has already requested approval after wave ${wave.number}` };
    const link = approvalLink(by.approvalUrl, { rollout: rollout.id, wave: wave.number, secret });
    await by.messages.send(approvalMessage(rollout, wave, { link, line: by.messages.commandLine }));
    return { summary: `approval requested after wave ${wave.number}` };
  };

/** Text that sorts in the order of the attempts. A redrive enters the state again, with a new time. */
const sortableAttempt = ({ enteredAt, retries }: Input['attempt']) =>
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
