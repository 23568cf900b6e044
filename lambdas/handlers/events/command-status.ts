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
 * Not a state: started by EventBridge when a command's invocation changes status. Reads the agent's line and completes
 * the state that waits for it. Repeated and late events find nobody waiting; commands of others are none of its
 * business, and a command that is not known yet is looked at by its sender once it is.
 */
export const createHandler =
  (by: Services) =>
  async ({ detail }: Input): Promise<TaskSummary> => {
    const { 'command-id': commandId, status } = detail;
    if (!hasEnded(status)) return { summary: `${commandId} is ${status}` };
    const command = await by.pending.find(commandId);
    if (command === null) return { summary: `${commandId} is not known` };

    const completion = await settleEnded(by, command, status);
    const { executionArn, targetId } = command;
    if (completion === 'nobody')
      logger.info('nobody waits for this command', { commandId, executionArn, targetId });
    return { summary: `${commandId} for ${targetId}: ${completion}` };
  };

/** GetCommandInvocation lags behind the event (it is eventually consistent); milliseconds, 3.1 s in all. */
const looks = [100, 200, 400, 800, 1600] as const;

/** The event says it has ended: should SSM's own word not catch up in time, the graph reconciles what was lost. */
async function settleEnded(by: Services, command: PendingCommand, status: string): Promise<Completion> {
  for (const wait of looks) {
    const completion = await completeIfEnded(by, command);
    if (completion !== 'waiting') return completion;
    await by.sleep(wait);
  }
  return completeWith(by, command, { status: status.replaceAll(' ', ''), output: '', errors: '' });
}

export const handler = task('CommandStatus', {
  input: Input,
  result: TaskSummary,
  build: () => createHandler({ ...delivery(), sleep: setTimeout }),
});
