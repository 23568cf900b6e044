import {
  type DynamoDBDocumentClient,
  paginateQuery,
  paginateScan,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { RecordedDeployment, RequestAction } from '../../core/deployment/deployment.ts';
import { type Holding, lockKey, whileHeld } from './lock-item.ts';
import { refusedActions } from './transactions.ts';

/**
 * One ended deployment: item of the table `deployments` under `targetId` and `sk` = `<startedAt>#<deploymentId>`.
 * `certificate` and `rollout` are left out when unknown: they are keys of indexes. Times are ISO 8601.
 * `recordedBy` says who wrote it: a state of the graph, or the rule that hears of executions that broke off.
 */
export const HistoryItem = z.object({
  ...RecordedDeployment.shape,
  executionArn: z.string(),
  certificate: z.optional(z.string()),
  rollout: z.optional(z.string()),
  action: z.nullable(RequestAction),
  requestNumber: z.nullable(z.int()),
  startedAt: z.string(),
  endedAt: z.string(),
  /** Milliseconds: until the lock was held (null when it never was), and in all. */
  durations: z.object({ lockWaitMs: z.nullable(z.int()), totalMs: z.int() }),
  recordedBy: z.enum(['graph', 'status-change']),
});
export type HistoryItem = z.infer<typeof HistoryItem>;

/** What recording found: written now, written earlier by the same execution, or the lock was not held (any more). */
export type Recording = 'recorded' | 'already_recorded' | 'not_held';

/**
 * The history of deployments. `record` writes an execution's item once. Only what the status-change rule wrote is ever
 * replaced, when that execution was redriven: by the graph's own word, or by the rule when it broke off again. With
 * `release` it lets go of the target's lock in the same transaction (the item, its fence and its request numbers
 * stay); when the lock is not held as `release` says it writes nothing and answers `not_held`.
 */
export interface History {
  record(item: HistoryItem, release: Holding | null): Promise<Recording>;
  /** The item that `executionArn` left for a target, among the target's hundred latest. */
  find(targetId: string, executionArn: string): Promise<HistoryItem | null>;
  /** Latest first; of all targets when none is named (reads the whole table: for local mode and small ones). */
  list(query?: { readonly targetId?: string; readonly limit?: number }): Promise<HistoryItem[]>;
}

/** How long a deployment is remembered: a year of audits, and a month to do them in. */
export const historyRetentionDays = 400;

/** History in table `deployments`, releasing locks in table `locks`. */
export function createHistory(
  documents: DynamoDBDocumentClient,
  tables: { readonly deployments: string; readonly locks: string },
): History {
  const list = async ({ targetId, limit = 100 }: { targetId?: string; limit?: number } = {}) =>
    targetId === undefined
      ? listAll(documents, tables.deployments, limit)
      : listTarget(documents, tables.deployments, { targetId, limit });
  return {
    async record(item, release) {
      const put = putItem(tables.deployments, item, release !== null);
      const actions = release === null ? [put] : [put, releaseLock(tables.locks, release)];
      try {
        await documents.send(new TransactWriteCommand({ TransactItems: actions }));
        return 'recorded';
      } catch (error) {
        const refused = refusedActions(error);
        if (refused === null) throw error;
        return refused.includes(0) ? 'already_recorded' : 'not_held';
      }
    },
    async find(targetId, executionArn) {
      return (await list({ targetId })).find((item) => item.executionArn === executionArn) ?? null;
    },
    list,
  };
}

function putItem(table: string, item: HistoryItem, holdsLock: boolean) {
  const expiresAt = Math.floor(Date.parse(item.endedAt) / 1000) + historyRetentionDays * 86_400;
  const mayReplace = item.recordedBy === 'graph' || holdsLock;
  return {
    Put: {
      TableName: table,
      Item: { ...item, sk: `${item.startedAt}#${item.deploymentId}`, expiresAt },
      ConditionExpression: `attribute_not_exists(targetId)${mayReplace ? ' OR recordedBy = :rule' : ''}`,
      ...(mayReplace && { ExpressionAttributeValues: { ':rule': 'status-change' } }),
    },
  };
}

function releaseLock(table: string, holding: Holding) {
  const held = whileHeld(holding);
  return {
    Update: {
      TableName: table,
      Key: lockKey(holding.targetId),
      ConditionExpression: held.condition,
      UpdateExpression: 'REMOVE #owner, startedAt, acquiredAt, pending, enrolments',
      ExpressionAttributeNames: held.names,
      ExpressionAttributeValues: held.values,
    },
  };
}

interface TargetQuery {
  readonly targetId: string;
  readonly limit: number;
}

async function listTarget(
  documents: DynamoDBDocumentClient,
  table: string,
  { targetId, limit }: TargetQuery,
) {
  const pages = paginateQuery(
    { client: documents, pageSize: limit },
    {
      TableName: table,
      KeyConditionExpression: 'targetId = :target',
      ExpressionAttributeValues: { ':target': targetId },
      ScanIndexForward: false,
      ConsistentRead: true,
    },
  );
  const items: HistoryItem[] = [];
  for await (const page of pages) {
    items.push(...(page.Items ?? []).map((item) => HistoryItem.parse(item)));
    if (items.length >= limit) break;
  }
  return items.slice(0, limit);
}

async function listAll(documents: DynamoDBDocumentClient, table: string, limit: number) {
  const items: HistoryItem[] = [];
  for await (const page of paginateScan({ client: documents }, { TableName: table, ConsistentRead: true })) {
    items.push(...(page.Items ?? []).map((item) => HistoryItem.parse(item)));
  }
  return items.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)).slice(0, limit);
}
