import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { isFree, isStillTheirs, type LockOwnership, whileHeld } from './lock-item.ts';
import type { HeldLock } from './target-locks.ts';

/** Item `host#<host>` of the table `locks`. `targetId`: for which target it is held, for those who read it. */
const HostLockItem = z.object({
  owner: z._default(z.nullable(z.string()), null),
  fence: z._default(z.int(), 0),
  targetId: z._default(z.nullable(z.string()), null),
  acquiredAt: z._default(z.nullable(z.string()), null),
});
export type HostLockItem = z.infer<typeof HostLockItem>;

/** Who asks for a host, and for which target. */
export interface HostClaim extends Omit<LockOwnership, 'fence'> {
  readonly host: string;
  readonly now: Date;
}

/** Proof of ownership a host: its lock is released only with it. */
export interface HostLockOwnership extends Pick<LockOwnership, 'executionArn' | 'fence'> {
  readonly host: string;
}

/**
 * One lock a host, so that deployments to two targets on one host follow each other from the first look to the last.
 * It works as a target's lock does (see `locks.ts`): no expiry, the same execution gets what it has, takeover is
 * conditional on the owner and the fence that were seen.
 *
 * It is taken by those who hold their target's lock, and whoever has it waits for no other: so nobody can wait for
 * somebody who waits for him. Jobs that arrive late are not its business: the agent takes its host's own lock.
 */
export interface HostLocks {
  acquire(claim: HostClaim): Promise<{ readonly type: 'acquired' } | HeldLock>;
  takeOver(claim: HostClaim, from: HeldLock): Promise<{ readonly type: 'acquired' } | HeldLock>;
  /** The item as it is now (a consistent read); without an owner when it is free. */
  read(host: string): Promise<HostLockItem>;
}

const hostLockKey = (host: string) => ({ pk: `host#${host}` });

/** Host locks in the table of locks named `table`. */
export function createHostLocks(documents: DynamoDBDocumentClient, table: string): HostLocks {
  return {
    acquire: (claim) => take(documents, claim, taking(table, claim, { condition: isFree, values: {} })),
    takeOver: (claim, { owner, fence }) =>
      take(
        documents,
        claim,
        taking(table, claim, {
          condition: isStillTheirs,
          values: { ':them': owner, ':theirFence': fence },
        }),
      ),
    async read(host) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: hostLockKey(host), ConsistentRead: true }),
      );
      return HostLockItem.parse(Item ?? {});
    },
  };
}

interface When {
  readonly condition: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function taking(table: string, { host, executionArn, targetId, now }: HostClaim, when: When): UpdateCommand {
  return new UpdateCommand({
    TableName: table,
    Key: hostLockKey(host),
    ConditionExpression: when.condition,
    UpdateExpression: 'SET #owner = :owner, targetId = :target, acquiredAt = :now ADD fence :one',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: {
      ':owner': executionArn,
      ':target': targetId,
      ':now': now.toISOString(),
      ':one': 1,
      ...when.values,
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

async function take(
  documents: DynamoDBDocumentClient,
  { executionArn }: HostClaim,
  command: UpdateCommand,
): Promise<{ type: 'acquired' } | HeldLock> {
  try {
    await documents.send(command);
    return { type: 'acquired' };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const { owner, fence } = HostLockItem.parse(error.Item === undefined ? {} : unmarshall(error.Item));
    if (owner === executionArn) return { type: 'acquired' };
    return { type: 'held', owner: owner ?? '(released just now)', fence };
  }
}

/** Lets go of a host: an action for the transaction that records the deployment. */
export function releaseHost(table: string, ownership: HostLockOwnership) {
  const held = whileHeld(ownership);
  return {
    Update: {
      TableName: table,
      Key: hostLockKey(ownership.host),
      ConditionExpression: held.condition,
      UpdateExpression: 'REMOVE #owner, targetId, acquiredAt',
      ExpressionAttributeNames: held.names,
      ExpressionAttributeValues: held.values,
    },
  };
}
