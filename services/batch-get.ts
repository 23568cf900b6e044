import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The maximum number of keys of one BatchGetItem. */
const batchSize = 100;

/** Reads items of a table by their keys, consistently. In any order; items that do not exist are missing. */
export async function batchGet<Key extends Readonly<Record<string, string>>>(
  documents: DynamoDBDocumentClient,
  table: string,
  keys: readonly Key[],
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  const left = [...keys];
  for (let round = 0; left.length > 0; round += 1) {
    const answer = await documents.send(
      new BatchGetCommand({
        RequestItems: { [table]: { Keys: left.splice(0, batchSize), ConsistentRead: true } },
      }),
    );
    items.push(...(answer.Responses?.[table] ?? []));
    // keys remain if a response would exceed 16 MB or the table is throttled
    const unprocessed = (answer.UnprocessedKeys?.[table]?.Keys ?? []) as Key[];
    if (unprocessed.length > 0) await sleep(waitMilliseconds(round));
    left.push(...unprocessed);
  }
  return items;
}

/** With jitter, at most half a second, so that colliding requests separate. */
export function waitMilliseconds(round: number): number {
  return Math.random() * Math.min(500, 10 * 2 ** round);
}
