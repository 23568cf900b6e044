import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import { RunItem, runKey } from './run-item.ts';

/** How a run ended. `output`: the line of the agent; empty if there is no result, for the reason in `errors`. */
export interface RunEnd {
  readonly output: string;
  readonly errors: string;
}

/**
 * The runs of the agent, for the function that performs them.
 *
 * `start`: Lambda may deliver an event twice, so only the first call for a run gets it, and every other call gets null. So does
 * the call for a run that starts too late, because the state that waits for it has continued.
 *
 * `end` returns false if the run has ended already.
 */
export interface AgentRuns {
  start(runId: string): Promise<RunItem | null>;
  end(runId: string, how: RunEnd): Promise<boolean>;
  find(runId: string): Promise<RunItem | null>;
}

/** Runs in the table of locks named `table`. */
export function createAgentRuns(
  { documents, clock }: { readonly documents: DynamoDBDocumentClient; readonly clock: Clock },
  table: string,
): AgentRuns {
  return {
    async find(runId) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: runKey(runId), ConsistentRead: true }),
      );
      return Item === undefined ? null : RunItem.parse(Item);
    },
    async start(runId) {
      const now = clock.now().getTime();
      const { Attributes } = await unlessRefused(() =>
        documents.send(
          new UpdateCommand({
            TableName: table,
            Key: runKey(runId),
            ConditionExpression: '#status = :waiting AND startBefore > :now',
            UpdateExpression: 'SET #status = :running, runUntil = :until',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':waiting': 'waiting',
              ':running': 'running',
              ':now': now,
              ':until': now + timeBudgets.agentFunction * 1000,
            },
            ReturnValues: 'ALL_NEW',
          }),
        ),
      );
      return Attributes === undefined ? null : RunItem.parse(Attributes);
    },
    async end(runId, { output, errors }) {
      const { Attributes } = await unlessRefused(() =>
        documents.send(
          new UpdateCommand({
            TableName: table,
            Key: runKey(runId),
            ConditionExpression: 'attribute_exists(pk) AND #status <> :ended',
            UpdateExpression: 'SET #status = :ended, #output = :output, #errors = :errors',
            ExpressionAttributeNames: { '#status': 'status', '#output': 'output', '#errors': 'errors' },
            ExpressionAttributeValues: { ':ended': 'ended', ':output': output, ':errors': errors },
            ReturnValues: 'ALL_NEW',
          }),
        ),
      );
      return Attributes !== undefined;
    },
  };
}

interface Updated {
  readonly Attributes?: Record<string, unknown> | undefined;
}

/** Without attributes if the condition failed. */
async function unlessRefused(update: () => Promise<Updated>): Promise<Updated> {
  try {
    return await update();
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return {};
    throw error;
  }
}
