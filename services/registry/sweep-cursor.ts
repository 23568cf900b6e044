import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { DriftCounts } from '../../core/drift/drift-counts.ts';

const SweepCursor = z.object({
  reached: z.nullable(z.string()),
  carried: z._default(z.nullable(DriftCounts), null),
});

/**
 * The progress of the last sweep (item `sweep` / `cursor` of the registry). A sweep that ran out of time stores the id of the last
 * target it probed; the next sweep begins after it. `reached` is null if the sweep was complete. `carried` contains the
 * metrics of the targets from the first id to `reached`; null: unknown.
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
