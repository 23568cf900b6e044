import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';

/**
 * How far the last sweep came: item `sweep` / `cursor` of the registry. A sweep that ran out of time leaves the id of
 * the last target it looked at, and the next one begins after it.
 */
export interface Sweeps {
  /** Null: the last one saw everything. */
  reached(): Promise<string | null>;
  stopAt(targetId: string | null): Promise<void>;
}

const Cursor = z.object({ reached: z.nullable(z.string()) });
const key = { pk: 'sweep', sk: 'cursor' };

/** The cursor in the registry's table. */
export function createSweeps(documents: DynamoDBDocumentClient, table: string): Sweeps {
  return {
    async reached() {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: key }));
      return Item === undefined ? null : Cursor.parse(Item).reached;
    },
    async stopAt(targetId) {
      await documents.send(new PutCommand({ TableName: table, Item: { ...key, reached: targetId } }));
    },
  };
}
