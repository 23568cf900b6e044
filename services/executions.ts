import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';

/** `unknown`: Step Functions could not be asked (throttled, unreachable). Decide as if it were running. */
export type ExecutionStatus = 'running' | 'ended' | 'unknown';

/**
 * Executions of the state machines.
 *
 * `start` gives the ARN of the execution it started; null when there is, or in the last 90 days was, another one of that
 * name. Started again with the same input while it runs, it answers the same ARN.

 * `status` never throws. An execution that waits for its redrive is running: it will go on under its old fence.
 * `complete` ends the state that waits with `taskToken`; false when no state waits with it (any more), because
 * somebody else was quicker, it timed out, or its retry has another token. That is never an error.
 * `fail` ends it with an error instead, which the state's own Retry and Catch then see; false likewise.
 */
export interface Executions {
  start(machineArn: string, name: string, input: unknown): Promise<string | null>;
  status(executionArn: string): Promise<ExecutionStatus>;
  complete(taskToken: string, output: unknown): Promise<boolean>;
  fail(taskToken: string, error: { readonly name: string; readonly message: string }): Promise<boolean>;
}

/** Nobody waits with this token. */
const nobodyWaits = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

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
      somebodyWaited(() =>
        sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) })),
      ),
    fail: (taskToken, { name, message }) =>
      somebodyWaited(() => sfn.send(new SendTaskFailureCommand({ taskToken, error: name, cause: message }))),
  };
}

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

async function somebodyWaited(tell: () => Promise<unknown>): Promise<boolean> {
  try {
    await tell();
    return true;
  } catch (error) {
    if (error instanceof Error && nobodyWaits.has(error.name)) return false;
    throw error;
  }
}
