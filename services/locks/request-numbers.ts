import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { CertferryError } from '../../core/errors.ts';
import {
  LockItem,
  lockKey,
  newerSequence,
  noNewerRollout,
  type RolloutPosition,
  rolloutSet,
  rolloutValues,
} from './lock-item.ts';

/** A request for a target, made before or by the execution that performs it. */
export interface NewRequest {
  readonly targetId: string;
  /** The ARN of the execution, or any id that stays the same when the request is registered again. */
  readonly requestId: string;
  /** False for a dry run: it takes a number but does not supersede earlier requests. */
  readonly supersedes: boolean;
  /** The position of the rollout that the request belongs to. */
  readonly rollout?: RolloutPosition | undefined;
  readonly now: Date;
}

/**
 * Numbers the requests for a target: the last request wins, whatever the dates of the certificates.
 *
 * The number grows with every request. The same `requestId` always gets the same number, also in parallel calls. A call
 * that dies half way may leave a number unused; nothing waits for it.
 *
 * A rollout's request stores the rollout's sequence in the same writes. If a rollout with a higher sequence has requested
 * the target, the call throws Superseded. So a deployment of an older rollout never follows one of a newer rollout.
 * Requests of operators have no sequence and are not refused for that reason.
 */
export interface RequestNumbers {
  registerRequest(request: NewRequest): Promise<number>;
}

/** Longer than an execution may take (one day), so that its retries find the request. */
const rememberedSeconds = 7 * 86_400;

/** Request numbers in the table `locks`. */
export function createRequestNumbers(documents: DynamoDBDocumentClient, table: string): RequestNumbers {
  return {
    async registerRequest(request) {
      const number =
        (await knownNumber(documents, table, request)) ??
        (await remember(documents, table, request, await nextNumber(documents, table, request)));
      if (request.supersedes) await putInForce(documents, table, request, number);
      return number;
    },
  };
}

const requestKey = ({ targetId, requestId }: NewRequest) => ({ pk: `request#${targetId}#${requestId}` });

async function knownNumber(documents: DynamoDBDocumentClient, table: string, request: NewRequest) {
  const { Item } = await documents.send(
    new GetCommand({ TableName: table, Key: requestKey(request), ConsistentRead: true }),
  );
  return Item === undefined ? null : Number(Item.number);
}

async function nextNumber(documents: DynamoDBDocumentClient, table: string, request: NewRequest) {
  const { rollout } = request;
  try {
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: lockKey(request.targetId),
        ...(rollout && { ConditionExpression: noNewerRollout }),
        UpdateExpression: `${rollout ? `SET ${rolloutSet} ` : ''}ADD requests :one`,
        ExpressionAttributeValues: { ':one': 1, ...(rollout && rolloutValues(rollout)) },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return LockItem.parse(Attributes ?? {}).requests;
  } catch (error) {
    throw newerRollout(request, refusedItem(error)) ?? error;
  }
}

/** Of two parallel calls for the same request, the first write determines the number for both. */
async function remember(
  documents: DynamoDBDocumentClient,
  table: string,
  request: NewRequest,
  number: number,
) {
  const expiresAt = Math.floor(request.now.getTime() / 1000) + rememberedSeconds;
  try {
    await documents.send(
      new PutCommand({
        TableName: table,
        Item: { ...requestKey(request), number, expiresAt },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return number;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException) || error.Item === undefined) throw error;
    return Number(unmarshall(error.Item).number);
  }
}

async function putInForce(
  documents: DynamoDBDocumentClient,
  table: string,
  request: NewRequest,
  number: number,
) {
  const { rollout } = request;
  const isLatest = '(attribute_not_exists(latestRequest) OR latestRequest < :number)';
  try {
    await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: lockKey(request.targetId),
        ConditionExpression: rollout ? `${isLatest} AND ${noNewerRollout}` : isLatest,
        UpdateExpression: `SET latestRequest = :number${rollout ? `, ${rolloutSet}` : ''}`,
        ExpressionAttributeValues: { ':number': number, ...(rollout && rolloutValues(rollout)) },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  } catch (error) {
    const found = refusedItem(error);
    if (found === null) throw error;
    const refusal = newerRollout(request, found);
    if (refusal !== null) throw refusal;
    // a later request, or this one, is already in force
  }
}

/** The item that made a conditional write fail; null for any other error. */
function refusedItem(error: unknown): LockItem | null {
  if (!(error instanceof ConditionalCheckFailedException)) return null;
  return LockItem.parse(error.Item === undefined ? {} : unmarshall(error.Item));
}

function newerRollout({ targetId, rollout }: NewRequest, found: LockItem | null) {
  if (found === null || rollout === undefined) return null;
  const newer = newerSequence(found, rollout);
  if (newer === null) return null;
  return new CertferryError(
    'Superseded',
    `a newer rollout of the certificate has requested target ${targetId} (sequence ${newer}; this rollout has ${rollout.sequence})`,
    { details: { targetId, sequence: newer } },
  );
}
