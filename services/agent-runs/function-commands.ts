import { randomUUID } from 'node:crypto';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Clock, epochSeconds } from '../../core/clock.ts';
import { CertferryError } from '../../core/errors.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import type { Commands } from '../ssm/commands.ts';
import { invocationOf, RunItem, runKey } from './run-item.ts';

interface FunctionAccess {
  readonly documents: DynamoDBDocumentClient;
  /** The table of locks. */
  readonly table: string;
  readonly lambda: LambdaClient;
  /** The function that runs the agent. */
  readonly functionName: string;
  readonly clock: Clock;
}

/** After these errors Lambda runs nothing (API reference of Invoke). Throttling is not included: it is retried. */
const refusals = new Set([
  'AccessDeniedException',
  'InvalidParameterValueException',
  'InvalidRequestContentException',
  'RequestTooLargeException',
  'ResourceConflictException',
  'ResourceNotFoundException',
  'ResourceNotReadyException',
]);

/** Longer than any state waits and than events are delivered. Seconds. */
const rememberedSeconds = 7 * 86_400;

/**
 * Runs the agent in a function of the stack. A command is a run: its item is written first, then the function is invoked with
 * its id, asynchronously. As with SSM, the command may run after an error other than CommandUndeliverable, and a repeated
 * `send` is another run.
 */
export function createFunctionCommands(access: FunctionAccess): Commands {
  return {
    async send({ job, comment }) {
      const runId = `run-${randomUUID()}`;
      await writeRun(access, { runId, job, comment });
      await invoke(access, runId);
      return runId;
    },
    async readInvocation(runId) {
      const { documents, table, clock } = access;
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: runKey(runId), ConsistentRead: true }),
      );
      return Item === undefined ? null : invocationOf(RunItem.parse(Item), clock.now());
    },
    // a function is always reachable
    requireReachable: async () => {},
  };
}

async function writeRun(
  { documents, table, clock }: FunctionAccess,
  run: Pick<RunItem, 'runId' | 'job' | 'comment'>,
): Promise<void> {
  const now = clock.now();
  const startBefore = now.getTime() + timeBudgets.queue * 1000;
  const expiresAt = epochSeconds(now) + rememberedSeconds;
  const item = { ...runKey(run.runId), ...run, status: 'waiting', startBefore, expiresAt };
  await documents.send(new PutCommand({ TableName: table, Item: item }));
}

async function invoke({ lambda, functionName }: FunctionAccess, runId: string): Promise<void> {
  try {
    const Payload = JSON.stringify({ runId });
    await lambda.send(new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (refusals.has(error.name)) throw undeliverable(functionName, error);
    // the name that the states retry
    if (error.name === 'TooManyRequestsException') error.name = 'ThrottlingException';
    throw error;
  }
}

function undeliverable(functionName: string, cause: Error): CertferryError {
  return new CertferryError(
    'CommandUndeliverable',
    `Lambda cannot run the agent (${cause.name}: ${cause.message}). Nothing was started. Check that the function ${functionName} exists and that this function may invoke it.`,
    { details: { functionName }, cause },
  );
}
