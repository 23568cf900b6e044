import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { lockKey } from './lock-item.ts';

/** A wish for a target, made before or by the execution that will fulfil it. */
export interface NewRequest {
  readonly targetId: string;
  /** The execution's ARN, or any id that is the same whenever the same wish is registered again. */
  readonly requestId: string;
  /** False for a dry run: it takes a number but does not end earlier requests. */
  readonly supersedes: boolean;
  readonly now: Date;
}

/**
 * Numbers the requests for a target: the last one wins, whatever the certificates' dates.
 *
 * The number grows with every request and is the same for the same `requestId`, however often and in whatever
 * parallel it is registered. A call that dies half way may use a number up; nothing then carries it, and no
 * request waits for it.
 */
export interface Requests {
  registerRequest(request: NewRequest): Promise<number>;
}

/** A request is remembered for longer than an execution may take (one day), so that its retries find it. */
const rememberedSeconds = 7 * 86_400;

/** Request numbers in the table of locks named `table`. Local mode and the command line use this part alone. */
export function createRequests(documents: DynamoDBDocumentClient, table: string): Requests {
  return {
    async registerRequest(request) {
      const number =
        (await knownNumber(documents, table, request)) ??
        (await remember(documents, table, request, await nextNumber(documents, table, request.targetId)));
      if (request.supersedes) await putInForce(documents, table, request.targetId, number);
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

async function nextNumber(documents: DynamoDBDocumentClient, table: string, targetId: string) {
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName: table,
      Key: lockKey(targetId),
      UpdateExpression: 'ADD requests :one',
      ExpressionAttributeValues: { ':one': 1 },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return Number(Attributes?.requests);
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
  targetId: string,
  number: number,
) {
  try {
    await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: lockKey(targetId),
        ConditionExpression: 'attribute_not_exists(latestRequest) OR latestRequest < :number',
        UpdateExpression: 'SET latestRequest = :number',
        ExpressionAttributeValues: { ':number': number },
      }),
    );
  } catch (error) {
    // a later request is in force already, or this one is
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
