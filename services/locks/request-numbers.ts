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

/** A wish for a target, made before or by the execution that will fulfil it. */
export interface NewRequest {
  readonly targetId: string;
  /** The execution's ARN, or any id that is the same whenever the same wish is registered again. */
  readonly requestId: string;
  /** False for a dry run: it takes a number but does not end earlier requests. */
  readonly supersedes: boolean;
  /** The place of the rollout that it is a part of, in its certificate's order. */
  readonly rollout?: RolloutPosition | undefined;
  readonly now: Date;
}

/**
 * Numbers the requests for a target: the last one wins, whatever the certificates' dates.
 *
 * The number grows with every request and is the same for the same `requestId`, however often and in whatever
 * parallel it is registered. A call that dies half way may use a number up; nothing then carries it, and no
 * request waits for it.
 *
 * A rollout's request leaves its sequence on the target's item in the very writes that give it its number and put it in
 * force, and they are refused to one of a lower sequence: it throws Superseded. So however late a deployment of an
 * older rollout asks, it cannot come after one of a newer rollout. RequestNumbers of people carry no sequence and are never
 * refused by one.
 */
export interface RequestNumbers {
  registerRequest(request: NewRequest): Promise<number>;
}

/** A request is remembered for longer than an execution may take (one day), so that its retries find it. */
const rememberedSeconds = 7 * 86_400;

/** Request numbers in the table of locks named `table`. Local mode and the command line use this part alone. */
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

/** Of two calls for the same request the first to write decides the number of both. */
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
    // a later request is in force already, or this one is
  }
}

/** The item that stood in the way of a conditional write; null when the error is another one. */
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
    `target ${targetId} has been asked for by a newer rollout of its certificate (sequence ${newer}; this one has ${rollout.sequence})`,
    { details: { targetId, sequence: newer } },
  );
}
