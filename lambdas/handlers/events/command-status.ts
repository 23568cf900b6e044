import { setTimeout } from 'node:timers/promises';
import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { PendingCommand } from '../../../services/locks/pending-commands.ts';
import { logger } from '../../../services/logger.ts';
import { hasEnded } from '../../../services/ssm/commands.ts';
import {
  type Completion,
  type CompletionServices,
  completeIfEnded,
  completeWith,
} from '../../delivery/complete-command.ts';
import { task } from '../../runtime/task.ts';
import { delivery } from '../../runtime/wiring.ts';

/** "EC2 Command Invocation Status-change Notification". Best effort: it may be missed, late or repeated. */
const Input = z.object({
  detail: z.object({ 'command-id': z.string(), 'instance-id': z.string(), status: z.string() }),
});
type Input = z.infer<typeof Input>;

type Services = CompletionServices & { readonly sleep: (ms: number) => Promise<unknown> };

/**
 * Not a state: EventBridge calls it when the status of a command invocation changes. It reads the result of the agent and
 * completes the waiting state. Repeated and late events change nothing. Events of foreign commands are ignored. If the
 * command is not stored yet, its sender completes it.
 */
export const createHandler =
  (by: Services) =>
  async ({ detail }: Input): Promise<TaskSummary> => {
    const { 'command-id': commandId, status } = detail;
    if (!hasEnded(status)) return { summary: `${commandId} is ${status}` };
    const command = await by.pending.find(commandId);
    if (command === null) return { summary: `${commandId} is unknown` };

    const completion = await completeEnded(by, command, status);
    const { executionArn, targetId } = command;
    if (completion === 'not_awaited')
      logger.info('no state waits for this command', { commandId, executionArn, targetId });
    return { summary: `${commandId} for ${targetId}: ${completion}` };
  };

/** GetCommandInvocation is eventually consistent and lags behind the event. Milliseconds, 3.1 s in all. */
const retryDelays = [100, 200, 400, 800, 1600] as const;

/** The event reports that the command has ended. If SSM does not report it in time, the state machine reconciles. */
async function completeEnded(by: Services, command: PendingCommand, status: string): Promise<Completion> {
  for (const wait of retryDelays) {
    const completion = await completeIfEnded(by, command);
    if (completion !== 'not_ended') return completion;
    await by.sleep(wait);
  }
  return completeWith(by, command, { status: status.replaceAll(' ', ''), output: '', errors: '' });
}

export const handler = task('CommandStatus', {
  input: Input,
  result: TaskSummary,
  build: () => createHandler({ ...delivery(), sleep: setTimeout }),
});
