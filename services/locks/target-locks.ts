import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import {
  isFree,
  isStillTheirs,
  LockItem,
  lockKey,
  newerSequence,
  noNewerRollout,
  type RolloutPosition,
  rolloutSet,
  rolloutValues,
} from './lock-item.ts';
import { createRequestNumbers, type RequestNumbers } from './request-numbers.ts';

/** Who asks for a target's lock, and with which request. */
export interface Claim {
  readonly targetId: string;
  readonly executionArn: string;
  readonly requestNumber: number;
  /** False for a dry run: it neither ends earlier requests nor is ended by later ones. */
  readonly supersedes: boolean;
  /** The place of the rollout that it is a part of, in its certificate's order. */
  readonly rollout?: RolloutPosition | undefined;
  readonly startedAt: string;
  readonly now: Date;
}

/** What stood in the way: the lock of another execution, with the fence it had. */
export interface HeldLock {
  readonly type: 'held';
  readonly owner: string;
  readonly fence: number;
}

/**
 * How asking for a lock ends. `unknown_number`: the request number was never given out for this target.
 * `newer_rollout`: one of a later sequence than the claim's has asked for this target.
 */
export type AcquireResult =
  | { readonly type: 'acquired'; readonly fence: number }
  | HeldLock
  | { readonly type: 'superseded'; readonly by: number }
  | { readonly type: 'newer_rollout'; readonly sequence: number }
  | { readonly type: 'unknown_number'; readonly highest: number };

/**
 * One lock a target, kept as one item that is never deleted.
 *
 * - `acquire` is one conditional write. The execution that holds the lock gets the same fence again, however often it
 *   asks: a lost response and a retry are harmless. Every other acquisition raises the fence by one.
 * - Time decides nothing here: a lock has no expiry. Only `takeOver` takes a lock away, and whoever calls it has
 *   learnt from Step Functions that the owner has ended. Its write is conditional on that same owner and fence, so of
 *   two would-be owners one wins, and an owner that came back keeps its lock.
 * - Releasing happens in the transaction that records a deployment (`services/history.ts`), by the owner only.
 * - A lock alone proves nothing on a host: the agent refuses a fence lower than one it has seen.
 */
export interface TargetLocks extends RequestNumbers {
  acquire(claim: Claim): Promise<AcquireResult>;
  takeOver(claim: Claim, from: HeldLock): Promise<AcquireResult>;
  /** The item as it is now (a consistent read); an item with no owner and fence 0 when there never was one. */
  read(targetId: string): Promise<LockItem>;
}

// The conditions, as sentences.
const numberWasGivenOut = 'requests >= :number';
const noLaterRequest = '(attribute_not_exists(latestRequest) OR latestRequest <= :number)';

/** TargetLocks in the table named `table` (shape: `core/deployment/tables.ts`). */
export function createTargetLocks(documents: DynamoDBDocumentClient, table: string): TargetLocks {
  const read = async (targetId: string) => {
    const { Item } = await documents.send(
      new GetCommand({ TableName: table, Key: lockKey(targetId), ConsistentRead: true }),
    );
    return LockItem.parse(Item ?? {});
  };
  return {
    ...createRequestNumbers(documents, table),
    read,
    acquire: (claim) => take({ documents, table, claim, when: isFree, from: {} }),
    takeOver: (claim, { owner, fence }) =>
      take({ documents, table, claim, when: isStillTheirs, from: { ':them': owner, ':theirFence': fence } }),
  };
}

interface Taking {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;
  readonly claim: Claim;
  readonly when: string;
  readonly from: Readonly<Record<string, unknown>>;
}

async function take(taking: Taking): Promise<AcquireResult> {
  try {
    const { Attributes } = await taking.documents.send(takingCommand(taking));
    return { type: 'acquired', fence: LockItem.parse(Attributes ?? {}).fence };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // the document client leaves the item of a refusal as it came over the wire
    return explain(taking.claim, LockItem.parse(error.Item === undefined ? {} : unmarshall(error.Item)));
  }
}

function takingCommand({ table, claim, when, from }: Taking): UpdateCommand {
  const { rollout } = claim;
  const isTakeover = when === isStillTheirs;
  const conditions = [
    when,
    numberWasGivenOut,
    ...(claim.supersedes ? [noLaterRequest] : []),
    ...(rollout === undefined ? [] : [noNewerRollout]),
  ];
  return new UpdateCommand({
    TableName: table,
    Key: lockKey(claim.targetId),
    ConditionExpression: conditions.join(' AND '),
    UpdateExpression: `SET #owner = :owner, startedAt = :startedAt, acquiredAt = :acquiredAt, enrolments = :none${
      claim.supersedes ? ', latestRequest = :number' : ''
    }${rollout === undefined ? '' : `, ${rolloutSet}`}${isTakeover ? ', takenFrom = :them' : ''} REMOVE pending ADD fence :one`,
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: {
      ':owner': claim.executionArn,
      ':startedAt': claim.startedAt,
      ':acquiredAt': claim.now.toISOString(),
      ':number': claim.requestNumber,
      ':none': 0,
      ':one': 1,
      ...(rollout !== undefined && rolloutValues(rollout)),
      ...from,
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

/** Why the write was refused. Already ours comes first: a repeated call gets what the first one got. */
function explain(claim: Claim, lock: LockItem): AcquireResult {
  if (lock.owner === claim.executionArn) return { type: 'acquired', fence: lock.fence };
  if (lock.requests < claim.requestNumber) return { type: 'unknown_number', highest: lock.requests };
  const newer = claim.rollout === undefined ? null : newerSequence(lock, claim.rollout);
  if (newer !== null) return { type: 'newer_rollout', sequence: newer };
  if (claim.supersedes && lock.latestRequest > claim.requestNumber) {
    return { type: 'superseded', by: lock.latestRequest };
  }
  // an owner that left between the write and this answer leaves the next attempt to the caller's retry
  return { type: 'held', owner: lock.owner ?? '(released just now)', fence: lock.fence };
}
