import {
  type DynamoDBDocumentClient,
  paginateQuery,
  paginateScan,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { RecordedDeployment, RequestAction } from '../../core/deployment/deployment.ts';
import { type HostLockOwnership, releaseHost } from '../locks/host-locks.ts';
import { type LockOwnership, lockKey, whileHeld } from '../locks/lock-item.ts';
import { refusedActions, refusedItem } from '../locks/transactions.ts';
import type { InstalledVersion } from '../registry/installed-versions.ts';
import { countFailure } from '../rollouts/count-failure.ts';

/**
 * One ended deployment: item of the table `deployments` under `targetId` and `sk` = `<startedAt>#<deploymentId>`. `certificate`
 * and `rollout` are index keys, so they are missing if unknown. Times are ISO 8601. `recordedBy`: a state of the state
 * machine, or the rule for executions that broke off.
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
  /**
   * Milliseconds, after the splay. `lockWaitMs`: until the locks were held or the deployment gave up; null if it never requested
   * them. Phases that did not take place are missing.
   */
  durations: z.object({
    lockWaitMs: z.nullable(z.int()),
    pushMs: z.optional(z.int()),
    verifyMs: z.optional(z.int()),
    rollbackMs: z.optional(z.int()),
    totalMs: z.int(),
  }),
  recordedBy: z.enum(['graph', 'status-change']),
});
export type HistoryItem = z.infer<typeof HistoryItem>;

/** `recorded` now; `already_recorded` by the same execution; or the lock of the target or of the host is not held (any more). */
export type RecordResult = 'recorded' | 'already_recorded' | 'not_held' | 'host_not_held';

/** The other writes of the transaction that records an item. */
export interface AccompanyingWrites {
  /** The lock of the target, to be released. */
  readonly release: LockOwnership | null;
  readonly host: HostLockOwnership | null;
  /** Only with `release`: without the target lock the installed version is unknown. Missing fields keep their stored value. */
  readonly installed: InstalledVersion | null;
  /** The rollout whose failures include this deployment. */
  readonly failedRollout: string | null;
}

/**
 * The history of deployments. `record` writes the item of an execution once. Only an item of the rule for broken-off executions
 * is replaced after a redrive: by the state machine, or by the rule if the execution broke off again. With `release` and
 * `host`, the same transaction releases these locks; fences and request numbers stay. If a lock is not held, nothing is
 * written, and the result names that lock, the target's first.
 */
export interface History {
  record(item: HistoryItem, along: AccompanyingWrites): Promise<RecordResult>;
  /** The item of `executionArn`, among the hundred latest items of the target. */
  find(targetId: string, executionArn: string): Promise<HistoryItem | null>;
  /**
   * Latest first. Without a query it reads the whole table: only for local mode and small tables. The items of a certificate or a
   * rollout come from an index, so the most recent ones may be missing.
   */
  list(query?: HistoryQuery & { readonly limit?: number }): Promise<HistoryItem[]>;
}

/** Selects the deployments of one target, one certificate or one rollout. */
export interface HistoryQuery {
  readonly targetId?: string | undefined;
  readonly certificate?: string | undefined;
  readonly rollout?: string | undefined;
  /** Only deployments that started at this time or later, ISO 8601 in UTC. */
  readonly since?: string | undefined;
}

/** Retention: a year of audits, and a month to perform them. */
export const historyRetentionDays = 400;

/** History in the table `deployments`; locks are released in `locks`, installed versions are written to `registry`. */
export function createHistory(documents: DynamoDBDocumentClient, tables: HistoryTables): History {
  const list: History['list'] = async ({ limit = 100, ...query } = {}) => {
    const of = keyOf(query);
    const range = { limit, since: query.since ?? '' };
    return of === null
      ? listAll(documents, tables.deployments, range)
      : listOf(documents, tables.deployments, { ...of, ...range });
  };
  return {
    async record(item, along) {
      const sk = `${item.startedAt}#${item.deploymentId}`;
      const recording = await write(documents, actionsFor(tables, { item, sk, along }));
      if (recording !== 'key_in_use') return recording;
      // an execution with the same name and start, of another state machine, has this key
      const own = actionsFor(tables, { item, sk: `${sk}#${item.executionArn}`, along });
      return (await write(documents, own)) as RecordResult;
    },
    async find(targetId, executionArn) {
      return (await list({ targetId })).find((item) => item.executionArn === executionArn) ?? null;
    },
    list,
  };
}

interface HistoryTables {
  readonly deployments: string;
  readonly locks: string;
  readonly registry: string;
  /** Retention in days; default: {@link historyRetentionDays}. */
  readonly days?: number | undefined;
}

interface Entry {
  readonly item: HistoryItem;
  readonly sk: string;
  readonly along: AccompanyingWrites;
}

/** The actions of one transaction, and the result if the condition of one of them fails. */
function actionsFor(tables: HistoryTables, { item, sk, along }: Entry) {
  const { release, host, installed, failedRollout } = along;
  return {
    executionArn: item.executionArn,
    actions: [
      putItem(tables, { item, sk }, release !== null),
      ...(release === null ? [] : [releaseLock(tables.locks, release)]),
      ...(host === null ? [] : [releaseHost(tables.locks, host)]),
      ...(installed === null ? [] : [putInstalled(tables.registry, installed)]),
      ...(failedRollout === null ? [] : [countFailure(tables.registry, failedRollout)]),
    ],
    refusals: [
      ...(release === null ? [] : ['not_held' as const]),
      ...(host === null ? [] : ['host_not_held' as const]),
    ],
  };
}

async function write(
  documents: DynamoDBDocumentClient,
  { executionArn, actions, refusals }: ReturnType<typeof actionsFor>,
): Promise<RecordResult | 'key_in_use'> {
  try {
    await documents.send(new TransactWriteCommand({ TransactItems: actions }));
    return 'recorded';
  } catch (error) {
    const [first] = refusedActions(error) ?? [];
    if (first === undefined) throw error;
    if (first > 0) return refusals[first - 1] ?? 'not_held';
    return refusedItem(error, 0)?.executionArn === executionArn ? 'already_recorded' : 'key_in_use';
  }
}

function putItem(
  { deployments: table, days = historyRetentionDays }: HistoryTables,
  { item, sk }: Pick<Entry, 'item' | 'sk'>,
  holdsLock: boolean,
) {
  const expiresAt = Math.floor(Date.parse(item.endedAt) / 1000) + days * 86_400;
  const mayReplace = item.recordedBy === 'graph' || holdsLock;
  return {
    Put: {
      TableName: table,
      Item: { ...item, sk, expiresAt },
      ConditionExpression: mayReplace
        ? 'attribute_not_exists(targetId) OR (recordedBy = :rule AND executionArn = :me)'
        : 'attribute_not_exists(targetId)',
      ...(mayReplace && {
        ExpressionAttributeValues: { ':rule': 'status-change', ':me': item.executionArn },
      }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    },
  };
}

/** The release of the target lock in the same transaction guarantees that only the owner writes. */
function putInstalled(table: string, installed: InstalledVersion) {
  const known = Object.entries(installed).filter(([, value]) => value !== undefined);
  return {
    Update: {
      TableName: table,
      Key: { pk: `target#${installed.targetId}`, sk: 'installed' },
      UpdateExpression: `SET ${known.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(known.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(known.map(([name, value]) => [`:${name}`, value])),
    },
  };
}

function releaseLock(table: string, ownership: LockOwnership) {
  const held = whileHeld(ownership);
  return {
    Update: {
      TableName: table,
      Key: lockKey(ownership.targetId),
      ConditionExpression: held.condition,
      UpdateExpression: 'REMOVE #owner, startedAt, acquiredAt, takenFrom, pending, enrolments',
      ExpressionAttributeNames: held.names,
      ExpressionAttributeValues: held.values,
    },
  };
}

interface Partition {
  /** Null for the table itself. */
  readonly index: string | null;
  readonly attribute: string;
  readonly value: string;
}

/** The partition that contains the deployments of a query; null for all deployments. */
function keyOf({ targetId, certificate, rollout }: HistoryQuery): Partition | null {
  if (targetId !== undefined) return { index: null, attribute: 'targetId', value: targetId };
  if (rollout !== undefined) return { index: 'byRollout', attribute: 'rollout', value: rollout };
  if (certificate === undefined) return null;
  return { index: 'byCertificate', attribute: 'certificate', value: certificate };
}

interface Range {
  readonly limit: number;
  /** Empty for all. */
  readonly since: string;
}

/** A page has at most one megabyte, about this many items. */
const maximumPageItems = 1000;

async function listOf(
  documents: DynamoDBDocumentClient,
  table: string,
  { index, attribute, value, limit, since }: Partition & Range,
) {
  const pages = paginateQuery(
    { client: documents, pageSize: Math.min(limit, maximumPageItems) },
    {
      TableName: table,
      // an index is never read consistently
      ...(index === null ? { ConsistentRead: true } : { IndexName: index }),
      KeyConditionExpression: `#attribute = :value${since === '' ? '' : ' AND sk >= :since'}`,
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: { ':value': value, ...(since !== '' && { ':since': since }) },
      ScanIndexForward: false,
    },
  );
  const items: HistoryItem[] = [];
  for await (const page of pages) {
    items.push(...(page.Items ?? []).map((item) => HistoryItem.parse(item)));
    if (items.length >= limit) break;
  }
  return items.slice(0, limit);
}

async function listAll(documents: DynamoDBDocumentClient, table: string, { limit, since }: Range) {
  const items: HistoryItem[] = [];
  for await (const page of paginateScan({ client: documents }, { TableName: table, ConsistentRead: true })) {
    items.push(...(page.Items ?? []).map((item) => HistoryItem.parse(item)));
  }
  return items
    .filter(({ startedAt }) => startedAt >= since)
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
    .slice(0, limit);
}
