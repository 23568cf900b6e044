import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { isFree, isStillHeldByObserved, type LockOwnership, whileHeld } from './lock-item.ts';
import type { HeldLock } from './target-locks.ts';

/** Item `host#<host>` of the table `locks`. `targetId` is informative: the target for which the lock is held. */
const HostLockItem = z.object({
  owner: z._default(z.nullable(z.string()), null),
  fence: z._default(z.int(), 0),
  targetId: z._default(z.nullable(z.string()), null),
  acquiredAt: z._default(z.nullable(z.string()), null),
});
export type HostLockItem = z.infer<typeof HostLockItem>;

/** A request for the lock of a host, on behalf of a target. */
export interface HostClaim extends Omit<LockOwnership, 'fence'> {
  readonly host: string;
  readonly now: Date;
}

/** Proof that an execution holds the lock of a host: only the owner releases it. */
export interface HostLockOwnership extends Pick<LockOwnership, 'executionArn' | 'fence'> {
  readonly host: string;
}

/**
 * One lock for each host, so that deployments to two targets on one host never overlap.
 *
 * The lock works like the lock of a target (`target-locks.ts`). It does not expire, a repeated call by the owner succeeds,
 * and a takeover is conditional on the observed owner and fence.
 *
 * An execution takes the host lock after its target lock, and waits for nothing while it holds the host. So there is no
 * deadlock. Late jobs are not covered here: the agent on the host takes a lock of its own.
 */
export interface HostLocks {
  acquire(claim: HostClaim): Promise<{ readonly type: 'acquired' } | HeldLock>;
  takeOver(claim: HostClaim, from: HeldLock): Promise<{ readonly type: 'acquired' } | HeldLock>;
  /** The current item (a consistent read); without an owner if the lock is free. */
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
          condition: isStillHeldByObserved,
          values: { ':observedOwner': owner, ':observedFence': fence },
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

interface WriteCondition {
  readonly condition: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function taking(
  table: string,
  { host, executionArn, targetId, now }: HostClaim,
  when: WriteCondition,
): UpdateCommand {
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
    return { type: 'held', owner: owner ?? '(just released)', fence };
  }
}

/** Releases the lock of a host: an action for the transaction that records the deployment. */
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
