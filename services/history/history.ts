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
  /** Milliseconds, after the splay: until the locks were held or the deployment gave up (null when it never asked), and in all. Of the phases those that took place. */
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

/**
 * What recording found: written now, written earlier by the same execution, or the lock of the target, or of the host,
 * was not held (any more).
 */
export type RecordResult = 'recorded' | 'already_recorded' | 'not_held' | 'host_not_held';

/** What is written with an item, all or nothing. */
export interface AccompanyingWrites {
  /** The target's lock, which is let go. */
  readonly release: LockOwnership | null;
  readonly host: HostLockOwnership | null;
  /** Only ever with `release`: whoever does not hold the target knows nothing of it. What is left out stays as written. */
  readonly installed: InstalledVersion | null;
  /** The rollout that this is a failure of. */
  readonly failedRollout: string | null;
}

/**
 * The history of deployments. `record` writes an execution's item once. Only what the status-change rule wrote is ever
 * replaced, when that execution was redriven: by the graph's own word, or by the rule when it broke off again. With
 * `release` and `host` it lets go of these locks in the same transaction (their items, the fences and the request numbers
 * stay); when one is not held as it says, nothing is written and the answer names it, the target's first.
 */
export interface History {
  record(item: HistoryItem, along: AccompanyingWrites): Promise<RecordResult>;
  /** The item that `executionArn` left for a target, among the target's hundred latest. */
  find(targetId: string, executionArn: string): Promise<HistoryItem | null>;
  /**
   * Latest first; of all targets when nothing is said (reads the whole table: for local mode and small ones). What was
   * written in this moment may be missing from those of a certificate or a rollout, which are read from an index.
   */
  list(query?: HistoryQuery & { readonly limit?: number }): Promise<HistoryItem[]>;
}

/** Which deployments: of one target, one certificate or one rollout. */
export interface HistoryQuery {
  readonly targetId?: string | undefined;
  readonly certificate?: string | undefined;
  readonly rollout?: string | undefined;
}

/** How long a deployment is remembered: a year of audits, and a month to do them in. */
export const historyRetentionDays = 400;

/** History in table `deployments`, releasing locks in table `locks`, with what it means for targets in `registry`. */
export function createHistory(documents: DynamoDBDocumentClient, tables: HistoryTables): History {
  const list: History['list'] = async ({ limit = 100, ...query } = {}) => {
    const of = keyOf(query);
    return of === null
      ? listAll(documents, tables.deployments, limit)
      : listOf(documents, tables.deployments, { ...of, limit });
  };
  return {
    async record(item, along) {
      const sk = `${item.startedAt}#${item.deploymentId}`;
      const recording = await write(documents, actionsFor(tables, { item, sk, along }));
      if (recording !== 'taken') return recording;
      // an execution of the same name, in another machine and from the same millisecond, was here before
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
  /** How long a deployment is remembered; default: {@link historyRetentionDays}. */
  readonly days?: number | undefined;
}

interface Entry {
  readonly item: HistoryItem;
  readonly sk: string;
  readonly along: AccompanyingWrites;
}

/** The actions of one transaction, with what it means that one of them is refused. */
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
): Promise<RecordResult | 'taken'> {
  try {
    await documents.send(new TransactWriteCommand({ TransactItems: actions }));
    return 'recorded';
  } catch (error) {
    const [first] = refusedActions(error) ?? [];
    if (first === undefined) throw error;
    if (first > 0) return refusals[first - 1] ?? 'not_held';
    return refusedItem(error, 0)?.executionArn === executionArn ? 'already_recorded' : 'taken';
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

/** Guarded by the release of the target's lock in the same transaction: the last holder writes last. */
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

/** Where the deployments that are meant stand together; null for all there are. */
function keyOf({ targetId, certificate, rollout }: HistoryQuery): Partition | null {
  if (targetId !== undefined) return { index: null, attribute: 'targetId', value: targetId };
  if (rollout !== undefined) return { index: 'byRollout', attribute: 'rollout', value: rollout };
  if (certificate === undefined) return null;
  return { index: 'byCertificate', attribute: 'certificate', value: certificate };
}

/** A page has a megabyte at most, which is about as many. */
const mostOnPage = 1000;

async function listOf(
  documents: DynamoDBDocumentClient,
  table: string,
  { index, attribute, value, limit }: Partition & { readonly limit: number },
) {
  const pages = paginateQuery(
    { client: documents, pageSize: Math.min(limit, mostOnPage) },
    {
      TableName: table,
      // an index is never read consistently
      ...(index === null ? { ConsistentRead: true } : { IndexName: index }),
      KeyConditionExpression: '#attribute = :value',
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: { ':value': value },
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

async function listAll(documents: DynamoDBDocumentClient, table: string, limit: number) {
  const items: HistoryItem[] = [];
  for await (const page of paginateScan({ client: documents }, { TableName: table, ConsistentRead: true })) {
    items.push(...(page.Items ?? []).map((item) => HistoryItem.parse(item)));
  }
  return items.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)).slice(0, limit);
}
