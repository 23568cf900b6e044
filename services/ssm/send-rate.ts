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

/** `mustGo`: an undo job is never refused; it is sent after a short wait, however long the queue is. */
export type Urgency = 'canWait' | 'mustGo';

/**
 * Limits the rate of SendCommand for all functions together: SSM's own limit applies to an account and region and is not
 * published. If a slot is near, the call waits for it. Otherwise it throws SendPaced, and the state's Retry comes back
 * later. A slot that is reserved but not used is lost.
 */
export interface SendRate {
  /** `where`: the account and region; null for those of the stack. */
  waitForSlot(where: string | null, urgency: Urgency): Promise<void>;
}

/** Clock, timer and random numbers; tests replace them. */
export interface RateTimer {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** Below the timeout of the function (60 seconds), with room for its other work. */
const maximumWaitMilliseconds = 20_000;

/** Accepted difference between clocks. A time further ahead comes from a wrong clock and is ignored. */
const clockMarginMilliseconds = 5_000;

/** If many functions read the same state of the bucket, all but one retry. */
const maximumAttempts = 10;

const Bucket = z.object({ fullAt: z._default(z.number(), 0) });

/**
 * The bucket is one number (item `bucket#send-command#<where>` of the table of locks): `fullAt`, the time at which it is full
 * again, in epoch milliseconds of the writer's clock. Each slot moves it by one interval. A slot is due when it is no more
 * than the burst ahead (the generic cell rate algorithm).
 *
 * No clock is trusted beyond the maximum wait: a `fullAt` that no queue explains comes from a wrong clock and is reset. So a
 * wrong clock affects the rate and stops no function.
 */
export function createSendRate(
  documents: DynamoDBDocumentClient,
  table: string,
  { perSecond, burst, now, sleep, random }: Rate & RateTimer,
): SendRate {
  const interval = 1000 / perSecond;
  const ahead = (burst - 1) * interval;

  /** Milliseconds until the slot is due; null if it is too far ahead and was not reserved. */
  async function take(key: string): Promise<number | null> {
    // the same for all attempts: otherwise the time that the winner of the last attempt set may be past, and the race repeats
    const time = now();
    for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
      const latest = time + ahead + maximumWaitMilliseconds;
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
      const location = where ?? 'own';
      const wait = await take(`bucket#send-command#${location}`);
      if (wait === null && urgency === 'canWait') {
        throw new CertferryError(
          'SendPaced',
          `too many commands wait to be sent (${where ?? 'account and region of the stack'}): at ${perSecond} per second the wait exceeds ${maximumWaitMilliseconds / 1000} seconds. Nothing was sent; retry later.`,
          { details: { where: location, perSecond } },
        );
      }
      const jitter = random() * (wait === null ? maximumWaitMilliseconds : interval);
      // a slot that is due is used without delay: a single deployment never waits
      if (wait !== 0) await sleep(Math.min((wait ?? 0) + jitter, maximumWaitMilliseconds));
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
