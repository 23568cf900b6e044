import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import type { Baseline } from '../../core/deployment/baseline.ts';
import { JobAction } from '../../core/deployment/job.ts';
import { Verify } from '../../core/targets/verify.ts';
import { type LockOwnership, lockKey, whileHeld } from './lock-item.ts';
import { refusedActions } from './transactions.ts';

/** The kind of state that waits for the command. It determines the result that completes the state. */
export const Purpose = z.enum(['push', 'reconcile', 'undo', 'onDeployed', 'probe']);
export type Purpose = z.infer<typeof Purpose>;

/**
 * A command that has not ended (item `command#<commandId>` of the table `locks`): what its result means and which waiting
 * state it completes. `probe` is set only for the purpose `probe`. `sentAt` is ISO 8601. `mayRepeat`: the same job may have been
 * sent before. `warnings`: about the bundle of the job, for the result of the state.
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
  mayRepeat: z.optional(z.boolean()),
  warnings: z.optional(z.array(z.string())),
});
export type PendingCommand = z.infer<typeof PendingCommand>;

/**
 * Stores commands from the state that sends one until the event that reports its end.
 *
 * SendCommand has no idempotency token, and every retry of a state has a new task token. Before sending, the state therefore
 * writes the `key` of the job to the lock of its target (`intend`); after sending, the command id (`markSent`). A retry that
 * finds its key with a command id sends nothing: it gives the command its new token (`replaceToken`). A retry that finds its
 * key without a command id cannot know whether the job was sent. It sends the job again; the host answers a repeated
 * deployment from its receipt.
 *
 * `intend` also stores the baseline, unless the lock has one: the host may have changed since, if the key was stored before.
 *
 * `intend` and `markSent` return false, and write nothing, if the lock is no longer held.
 */
export interface PendingCommands {
  intend(ownership: LockOwnership, key: string, baseline?: Baseline | null): Promise<boolean>;
  markSent(command: PendingCommand, key: string): Promise<boolean>;
  /** Reverses `intend` after SSM has refused the command. False if the job was sent, or the lock is no longer held. */
  withdraw(ownership: LockOwnership, key: string): Promise<boolean>;
  find(commandId: string): Promise<PendingCommand | null>;
  /** Null if the command is unknown or its item has expired. */
  replaceToken(commandId: string, taskToken: string): Promise<PendingCommand | null>;
  /** Forgets the id of the command if it is the last one sent, so that the next attempt sends again. */
  forget(command: PendingCommand): Promise<boolean>;
  /** Counts the round in which `command` enrolled its host; false if it was counted before. */
  countEnrolment(command: PendingCommand): Promise<boolean>;
}

/** Longer than any state waits (15 minutes) and than EventBridge retries (24 hours). */
const rememberedSeconds = 7 * 86_400;

const commandKey = (commandId: string) => ({ pk: `command#${commandId}` });

/** Pending commands in the table of locks named `table`. */
export function createPendingCommands(documents: DynamoDBDocumentClient, table: string): PendingCommands {
  return {
    async intend(ownership, key, baseline = null) {
      const isFirst =
        baseline !== null &&
        (await wrote(() => documents.send(firstIntent(table, ownership, { key, baseline }))));
      return isFirst || wrote(() => documents.send(intentUpdate(table, ownership, key)));
    },
    markSent: (command, key) => wrote(() => documents.send(sentUpdate(table, command, key))),
    withdraw: (ownership, key) => wrote(() => documents.send(withdrawal(table, ownership, key))),
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
    forget: (command) => wrote(() => documents.send(forgetUpdate(table, command))),
    countEnrolment: (command) => wrote(() => documents.send(enrolmentUpdate(table, command))),
  };
}

interface FirstIntent {
  readonly key: string;
  readonly baseline: Baseline;
}

/** Also stores the baseline. Refused if the lock has one. */
function firstIntent(table: string, ownership: LockOwnership, { key, baseline }: FirstIntent): UpdateCommand {
  const held = whileHeld(ownership);
  return new UpdateCommand({
    TableName: table,
    Key: lockKey(ownership.targetId),
    ConditionExpression: `${held.condition} AND attribute_not_exists(baseline)`,
    UpdateExpression: 'SET pending = :pending, baseline = :baseline',
    ExpressionAttributeNames: held.names,
    ExpressionAttributeValues: { ...held.values, ':pending': { key }, ':baseline': baseline },
  });
}

function intentUpdate(table: string, ownership: LockOwnership, key: string): UpdateCommand {
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

function sentUpdate(table: string, command: PendingCommand, key: string): TransactWriteCommand {
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

function withdrawal(table: string, ownership: LockOwnership, key: string): UpdateCommand {
  const held = whileHeld(ownership);
  return new UpdateCommand({
    TableName: table,
    Key: lockKey(ownership.targetId),
    ConditionExpression: `${held.condition} AND pending.#key = :key AND attribute_not_exists(pending.commandId)`,
    UpdateExpression: 'REMOVE pending',
    ExpressionAttributeNames: { ...held.names, '#key': 'key' },
    ExpressionAttributeValues: { ...held.values, ':key': key },
  });
}

/** Without the key of a job, the next attempt sends again. `pending` stays: it shows that a job of this deployment was sent. */
function forgetUpdate(table: string, command: PendingCommand): UpdateCommand {
  return whilePending(table, command, 'SET pending = :sent', { ':sent': { key: 'sent' } });
}

function enrolmentUpdate(table: string, command: PendingCommand): UpdateCommand {
  return whilePending(table, command, 'ADD enrolments :one REMOVE pending', { ':one': 1 });
}

/** An update of the lock that requires this command to be the last one sent. */
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

/** Whether a conditional write succeeded. Other failures are thrown. */
async function wrote(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException || refusedActions(error) !== null) return false;
    throw error;
  }
}
