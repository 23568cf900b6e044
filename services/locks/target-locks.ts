import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import {
  isFree,
  isStillHeldByObserved,
  LockItem,
  lockKey,
  newerSequence,
  noNewerRollout,
  type RolloutPosition,
  rolloutSet,
  rolloutValues,
} from './lock-item.ts';
import { createRequestNumbers, type RequestNumbers } from './request-numbers.ts';

/** A request for the lock of a target. */
export interface Claim {
  readonly targetId: string;
  readonly executionArn: string;
  readonly requestNumber: number;
  /** False for a dry run: it neither supersedes earlier requests nor is superseded by later ones. */
  readonly supersedes: boolean;
  /** The position of the rollout that the deployment belongs to. */
  readonly rollout?: RolloutPosition | undefined;
  readonly startedAt: string;
  readonly now: Date;
}

/** Another execution holds the lock, with this fence. */
export interface HeldLock {
  readonly type: 'held';
  readonly owner: string;
  readonly fence: number;
}

/**
 * `unknown_number`: the request number was never issued for this target.
 * `newer_rollout`: a rollout with a higher sequence than the claim's has requested this target.
 */
export type AcquireResult =
  | { readonly type: 'acquired'; readonly fence: number }
  | HeldLock
  | { readonly type: 'superseded'; readonly by: number }
  | { readonly type: 'newer_rollout'; readonly sequence: number }
  | { readonly type: 'unknown_number'; readonly highest: number };

/**
 * One lock for each target, stored as one item that is never deleted.
 *
 * - `acquire` is one conditional write. If the owner calls it again, it returns the same fence, so a lost response and a
 *   retry are harmless. Every other acquisition raises the fence by one.
 * - A lock does not expire. Only `takeOver` takes it from its owner, and only after Step Functions has reported that the
 *   owner has ended. The write is conditional on the observed owner and fence: of two competing executions one succeeds,
 *   and an owner that was redriven keeps its lock.
 * - The owner releases the lock in the transaction that records the deployment (`services/history/history.ts`).
 * - A lock alone protects no host: the agent refuses a job whose fence is lower than the highest it has received.
 */
export interface TargetLocks extends RequestNumbers {
  acquire(claim: Claim): Promise<AcquireResult>;
  takeOver(claim: Claim, from: HeldLock): Promise<AcquireResult>;
  /** The current item (a consistent read); without owner and with fence 0 if it does not exist. */
  read(targetId: string): Promise<LockItem>;
}

const numberWasIssued = 'requests >= :number';
const noLaterRequest = '(attribute_not_exists(latestRequest) OR latestRequest <= :number)';

/** Target locks in the table named `table` (shape: `core/deployment/tables.ts`). */
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
    acquire: (claim) => acquire({ documents, table, claim, when: isFree, from: {} }),
    takeOver: (claim, { owner, fence }) =>
      acquire({
        documents,
        table,
        claim,
        when: isStillHeldByObserved,
        from: { ':observedOwner': owner, ':observedFence': fence },
      }),
  };
}

interface Acquisition {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;
  readonly claim: Claim;
  readonly when: string;
  readonly from: Readonly<Record<string, unknown>>;
}

async function acquire(acquisition: Acquisition): Promise<AcquireResult> {
  try {
    const { Attributes } = await acquisition.documents.send(acquireCommand(acquisition));
    return { type: 'acquired', fence: LockItem.parse(Attributes ?? {}).fence };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // the document client does not unmarshall the item of a failed condition
    return refusalOf(
      acquisition.claim,
      LockItem.parse(error.Item === undefined ? {} : unmarshall(error.Item)),
    );
  }
}

function acquireCommand({ table, claim, when, from }: Acquisition): UpdateCommand {
  const { rollout } = claim;
  const isTakeover = when === isStillHeldByObserved;
  const conditions = [
    when,
    numberWasIssued,
    ...(claim.supersedes ? [noLaterRequest] : []),
    ...(rollout === undefined ? [] : [noNewerRollout]),
  ];
  return new UpdateCommand({
    TableName: table,
    Key: lockKey(claim.targetId),
    ConditionExpression: conditions.join(' AND '),
    UpdateExpression: `SET #owner = :owner, startedAt = :startedAt, acquiredAt = :acquiredAt, enrolments = :none${
      claim.supersedes ? ', latestRequest = :number' : ''
    }${rollout === undefined ? '' : `, ${rolloutSet}`}${isTakeover ? ', takenFrom = :observedOwner' : ''} REMOVE pending, baseline ADD fence :one`,
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

/** The reason why the write was refused. If the caller is already the owner, it gets its fence again. */
function refusalOf(claim: Claim, lock: LockItem): AcquireResult {
  if (lock.owner === claim.executionArn) return { type: 'acquired', fence: lock.fence };
  if (lock.requests < claim.requestNumber) return { type: 'unknown_number', highest: lock.requests };
  const newer = claim.rollout === undefined ? null : newerSequence(lock, claim.rollout);
  if (newer !== null) return { type: 'newer_rollout', sequence: newer };
  if (claim.supersedes && lock.latestRequest > claim.requestNumber) {
    return { type: 'superseded', by: lock.latestRequest };
  }
  // the owner may have released the lock between the write and this result: the caller retries
  return { type: 'held', owner: lock.owner ?? '(just released)', fence: lock.fence };
}
