import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';

/** `perSecond` on average, `burst` at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** `mustGo`: what undoes a deployment is never refused, and goes after a short wait whatever the queue. */
export type Urgency = 'canWait' | 'mustGo';

/**
 * Spreads SendCommand over time, for all functions together: SSM's own limit is an account's and region's, and is not
 * published. A turn that is near is waited for; for one that is far off SendPaced is thrown, and the state's Retry comes
 * back later. A turn that was given and not used is lost, no more.
 */
export interface SendRate {
  /** `where`: names the account and region, or is null for the stack's own. */
  waitForSlot(where: string | null, urgency: Urgency): Promise<void>;
}

/** What pacing needs besides the table; a test says what time it is and how a wait passes. */
export interface Passing {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
}

/** Below the 60 seconds that the function may take, with room for what it does besides. */
const longestWaitMilliseconds = 20_000;

/** How much clocks may differ before one that is ahead is not believed: others would wait for its time to come. */
const clockMarginMilliseconds = 5_000;

/** Of many functions that find the bucket in the same state all but one try again. */
const attemptsAtMost = 10;

const Bucket = z.object({ fullAt: z._default(z.number(), 0) });

/**
 * The bucket is one number (item `bucket#send-command#<where>` of the table of locks): `fullAt`, when it will have
 * filled up again, in epoch milliseconds by the clock of whoever wrote it. Each turn moves it on by one interval; a turn
 * is due when it is no more than the burst ahead (the generic cell rate algorithm).
 *
 * No clock is trusted further than the longest wait: a `fullAt` beyond what any queue explains was written by a clock
 * that is ahead, and is started anew, so a wrong clock costs pace and stops nobody.
 */
export function createSendRate(
  documents: DynamoDBDocumentClient,
  table: string,
  { perSecond, burst, now, sleep, random }: Rate & Passing,
): SendRate {
  const interval = 1000 / perSecond;
  const ahead = (burst - 1) * interval;

  /** When the turn is due, in milliseconds from now; null when it is too far off and was not taken. */
  async function take(key: string): Promise<number | null> {
    // the same for all attempts: whoever won the one before may have set a time that is past by now, and would be raced again
    const time = now();
    for (let attempt = 0; attempt < attemptsAtMost; attempt += 1) {
      const latest = time + ahead + longestWaitMilliseconds;
      const queued = await update(documents, queueing(table, key, { interval, from: time, to: latest }));
      if (queued.taken) return Math.max(0, queued.fullAt - interval - ahead - time);
      const { fullAt } = queued;
      if (fullAt > latest && fullAt <= latest + interval + clockMarginMilliseconds) return null;
      const begun = await update(documents, starting(table, key, { seen: fullAt, fullAt: time + interval }));
      if (begun.taken) return 0;
    }
    return null;
  }

  return {
    async waitForSlot(where, urgency) {
      const place = where ?? 'own';
      const wait = await take(`bucket#send-command#${place}`);
      if (wait === null && urgency === 'canWait') {
        throw new CertferryError(
          'SendPaced',
          `more commands wait to be sent (${where ?? "the stack's own account and region"}) than ${longestWaitMilliseconds / 1000} seconds are enough for at ${perSecond} a second; nothing was sent`,
          { details: { where: place, perSecond } },
        );
      }
      const jitter = random() * (wait === null ? longestWaitMilliseconds : interval);
      // a turn that is due now is taken now: a single deployment waits for nobody
      if (wait !== 0) await sleep(Math.min((wait ?? 0) + jitter, longestWaitMilliseconds));
    },
  };
}

function queueing(
  table: string,
  key: string,
  { interval, from, to }: Record<'interval' | 'from' | 'to', number>,
) {
  return new UpdateCommand({
    TableName: table,
    Key: { pk: key },
    ConditionExpression: 'fullAt >= :from AND fullAt <= :to',
    UpdateExpression: 'ADD fullAt :interval',
    ExpressionAttributeValues: { ':interval': interval, ':from': from, ':to': to },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

function starting(table: string, key: string, { seen, fullAt }: Record<'seen' | 'fullAt', number>) {
  return new UpdateCommand({
    TableName: table,
    Key: { pk: key },
    ConditionExpression: 'attribute_not_exists(fullAt) OR fullAt = :seen',
    UpdateExpression: 'SET fullAt = :fullAt',
    ExpressionAttributeValues: { ':seen': seen, ':fullAt': fullAt },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

async function update(documents: DynamoDBDocumentClient, command: UpdateCommand) {
  try {
    const { Attributes } = await documents.send(command);
    return { taken: true, fullAt: Bucket.parse(Attributes ?? {}).fullAt };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const found = error.Item === undefined ? {} : unmarshall(error.Item);
    return { taken: false, fullAt: Bucket.parse(found).fullAt };
  }
}
