import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { channelLimits } from '../core/bounds/channels.ts';
import { cutText } from '../core/bounds/cut-text.ts';

/** `unknown`: Step Functions did not return the status (throttled, unreachable). Treat the execution as running. */
export type ExecutionStatus = 'running' | 'ended' | 'unknown';

/**
 * Executions of the state machines.
 *
 * `start` returns the ARN of the new execution. It returns null if another execution has, or had in the last 90 days, that
 * name. A repeated call with the same input returns the same ARN while the execution runs.
 *
 * `status` never throws. An execution that waits for its redrive counts as running: it continues with its old fence.
 *
 * `complete` completes the state that waits with `taskToken`; `fail` fails it, so that its Retry and Catch apply. Both return
 * false if no state waits with that token: it was completed before, timed out, or its retry has another token. That is
 * never an error.
 */
export interface Executions {
  start(machineArn: string, name: string, input: unknown): Promise<string | null>;
  status(executionArn: string): Promise<ExecutionStatus>;
  complete(taskToken: string, output: unknown): Promise<boolean>;
  fail(taskToken: string, error: { readonly name: string; readonly message: string }): Promise<boolean>;
}

/** No state waits with this token. */
const notWaitingErrors = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

/** Executions through Step Functions. */
export function createExecutions(sfn: SFNClient): Executions {
  return {
    start: (stateMachineArn, name, input) => start(sfn, stateMachineArn, { name, input }),
    async status(executionArn) {
      try {
        const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
        return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
      } catch (error) {
        return error instanceof Error && error.name === 'ExecutionDoesNotExist' ? 'ended' : 'unknown';
      }
    },
    complete: (taskToken, output) =>
      stateWaited(() => sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }))),
    fail: (taskToken, { name, message }) =>
      stateWaited(() => sfn.send(new SendTaskFailureCommand({ taskToken, ...taskFailure(name, message) }))),
  };
}

/** Bytes are never fewer than characters, so these maxima keep the limits in characters too. */
const taskFailure = (name: string, message: string) => ({
  error: cutText(name, channelLimits.taskErrorCharacters),
  cause: cutText(message, channelLimits.taskCauseCharacters, 'ends'),
});

async function start(
  sfn: SFNClient,
  stateMachineArn: string,
  { name, input }: { name: string; input: unknown },
): Promise<string | null> {
  try {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    return (await sfn.send(command)).executionArn ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return null;
    throw error;
  }
}

async function stateWaited(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof Error && notWaitingErrors.has(error.name)) return false;
    throw error;
  }
}
