import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { JobAction } from '../../core/deployment/job.ts';
import { Verify } from '../../core/targets/verify.ts';
import { type LockOwnership, lockKey, whileHeld } from './lock-item.ts';
import { refusedActions } from './transactions.ts';

/** Which kind of state waits for a command, and so which result completes it. */
export const Purpose = z.enum(['push', 'reconcile', 'undo', 'probe']);
export type Purpose = z.infer<typeof Purpose>;

/**
 * A command under way (item `command#<commandId>` of the table `locks`): what its end means and which waiting state
 * it completes. `probe` is there when the purpose is one. Times: `sentAt` ISO 8601.
 */
export const PendingCommand = z.object({
  commandId: z.string(),
  targetId: z.string(),
  deploymentId: z.string(),
  executionArn: z.string(),
  fence: z.int(),
  host: z.string(),
  purpose: Purpose,
  action: JobAction,
  taskToken: z.string(),
  sentAt: z.string(),
  probe: z.nullable(z.object({ verify: Verify, attempt: z.int() })),
});
export type PendingCommand = z.infer<typeof PendingCommand>;

/**
 * Remembers commands between the state that sends one and the event that ends it.
 *
 * SendCommand has no idempotency token and every retry of a state has a new task token. So a sender first writes the
 * `key` of what it is about to send on its target's lock (`intend`), sends, then writes the command id (`sent`). A
 * retry that finds its key with a command id does not send again: it gives the command its new token (`replaceToken`). A
 * retry that finds its key without one cannot know whether it was sent, sends again, and relies on the host answering
 * a deployment it has already done from its receipt.
 *
 * `intend` and `sent` answer false, having written nothing, when the lock is no longer held.
 */
export interface PendingCommands {
  intend(ownership: LockOwnership, key: string): Promise<boolean>;
  sent(command: PendingCommand, key: string): Promise<boolean>;
  find(commandId: string): Promise<PendingCommand | null>;
  /** Null when the command is not known (any more). */
  replaceToken(commandId: string, taskToken: string): Promise<PendingCommand | null>;
  /** Forgets what was sent for the running deployment, if it was this command: the next attempt sends again. */
  forget(command: PendingCommand): Promise<boolean>;
  /** Counts the round in which `command` enrolled its host; false when it was counted before. */
  countEnrolment(command: PendingCommand): Promise<boolean>;
}

/** Longer than any state waits (15 minutes) and than EventBridge retries (24 hours). */
const rememberedSeconds = 7 * 86_400;

const commandKey = (commandId: string) => ({ pk: `command#${commandId}` });

/** Pending commands in the table of locks named `table`. */
export function createPendingCommands(documents: DynamoDBDocumentClient, table: string): PendingCommands {
  return {
    intend: (ownership, key) => wrote(() => documents.send(intention(table, ownership, key))),
    sent: (command, key) => wrote(() => documents.send(registration(table, command, key))),
    async find(commandId) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: commandKey(commandId), ConsistentRead: true }),
      );
      return Item === undefined ? null : PendingCommand.parse(Item);
    },
    async replaceToken(commandId, taskToken) {
      const command = new UpdateCommand({
        TableName: table,
        Key: commandKey(commandId),
        ConditionExpression: 'attribute_exists(pk)',
        UpdateExpression: 'SET taskToken = :token',
        ExpressionAttributeValues: { ':token': taskToken },
        ReturnValues: 'ALL_NEW',
      });
      let found: PendingCommand | null = null;
      await wrote(async () => {
        found = PendingCommand.parse((await documents.send(command)).Attributes);
      });
      return found;
    },
    forget: (command) => wrote(() => documents.send(oblivion(table, command))),
    countEnrolment: (command) => wrote(() => documents.send(enrolment(table, command))),
  };
}

function intention(table: string, ownership: LockOwnership, key: string): UpdateCommand {
  const held = whileHeld(ownership);
  return new UpdateCommand({
    TableName: table,
    Key: lockKey(ownership.targetId),
    ConditionExpression: held.condition,
    UpdateExpression: 'SET pending = :pending',
    ExpressionAttributeNames: held.names,
    ExpressionAttributeValues: { ...held.values, ':pending': { key } },
  });
}

function registration(table: string, command: PendingCommand, key: string): TransactWriteCommand {
  const held = whileHeld(command);
  const expiresAt = Math.floor(Date.parse(command.sentAt) / 1000) + rememberedSeconds;
  return new TransactWriteCommand({
    TransactItems: [
      { Put: { TableName: table, Item: { ...commandKey(command.commandId), ...command, expiresAt } } },
      {
        Update: {
          TableName: table,
          Key: lockKey(command.targetId),
          ConditionExpression: held.condition,
          UpdateExpression: 'SET pending = :pending',
          ExpressionAttributeNames: held.names,
          ExpressionAttributeValues: { ...held.values, ':pending': { key, commandId: command.commandId } },
        },
      },
    ],
  });
}

function oblivion(table: string, command: PendingCommand): UpdateCommand {
  return whilePending(table, command, 'REMOVE pending', {});
}

function enrolment(table: string, command: PendingCommand): UpdateCommand {
  return whilePending(table, command, 'ADD enrolments :one REMOVE pending', { ':one': 1 });
}

/** A change of the lock's item that happens only while this very command is the one that was sent last. */
function whilePending(
  table: string,
  command: PendingCommand,
  change: string,
  values: Readonly<Record<string, unknown>>,
): UpdateCommand {
  const held = whileHeld(command);
  return new UpdateCommand({
    TableName: table,
    Key: lockKey(command.targetId),
    ConditionExpression: `${held.condition} AND pending.commandId = :command`,
    UpdateExpression: change,
    ExpressionAttributeNames: held.names,
    ExpressionAttributeValues: { ...held.values, ':command': command.commandId, ...values },
  });
}

/** Did a conditional write happen? Other failures are thrown. */
async function wrote(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException || refusedActions(error) !== null) return false;
    throw error;
  }
}
