import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { Measured } from '../../core/drift/measured.ts';

const SweepCursor = z.object({
  reached: z.nullable(z.string()),
  carried: z._default(z.nullable(Measured), null),
});

/**
 * How far the last sweep came: item `sweep` / `cursor` of the registry. A sweep that ran out of time leaves the id of
 * the last target it looked at, and the next one begins after it. `reached` is null when it saw everything.
 * `carried` are the numbers of the targets from the first one in the order of their ids up to that one; null: unknown.
 */
export type SweepCursor = z.infer<typeof SweepCursor>;

export interface SweepCursors {
  cursor(): Promise<SweepCursor>;
  write(cursor: SweepCursor): Promise<void>;
}

const key = { pk: 'sweep', sk: 'cursor' };

/** The cursor in the registry's table. */
export function createSweepCursors(documents: DynamoDBDocumentClient, table: string): SweepCursors {
  return {
    async cursor() {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: key }));
      return SweepCursor.parse(Item ?? { reached: null });
    },
    async write(cursor) {
      await documents.send(new PutCommand({ TableName: table, Item: { ...key, ...cursor } }));
    },
  };
}
