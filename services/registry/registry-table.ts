import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { CertferryError, type ErrorName } from '../../core/errors.ts';
import { problemLines } from '../../core/targets/problems.ts';
import { batchGet, waitMilliseconds } from '../batch-get.ts';

/** An item as it was read. */
export type Item = Readonly<Record<string, unknown>>;
export type Key = Readonly<Record<'pk' | 'sk', string>>;
type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
/** The writes of one transaction, and its result. */
export interface Writes<Result> {
  readonly result: Result;
  readonly actions: readonly Action[];
}

/**
 * The table `registry`. Every read is consistent. Each item is read and written by the service named in its row; items
 * that list others are written in one transaction with the items that they list.
 *
 * | pk                     | sk                  | attributes |
 * | ---------------------- | ------------------- | ---------- |
 * | `host#<id>`            | `key`               | kid, x, sentAt (`host-keys.ts`) |
 * | `host#<id>`            | `agent`             | version (`host-versions.ts`) |
 * | `target#<id>`          | `desired`           | certificate, action, fingerprint, source, requestNumber (`desired-versions.ts`) |
 * | `target#<id>`          | `installed`         | the result of the last deployment (`installed-versions.ts`) |
 * | `target#<id>`          | `config`            | certificate, autoScalingGroup, origin, revision: under which certificate the target is registered (`catalogue-targets.ts`) |
 * | `certificate#<name>`   | `target#<id>`       | target, origin, revision |
 * | `targets`              | `<id>`              | lists all targets |
 * | `group#<name>`         | `<target id>`       | lists the targets of an Auto Scaling group |
 * | `certificate#<name>`   | `config`            | certificate, origin, revision (`catalogue-certificates.ts`) |
 * | `certificates`         | `<name>`            | lists all certificates |
 * | `source#<kind>#<id>`   | `<certificate>`     | source: which certificates an event concerns; `id` is a secret's id, an ARN, `<bucket>/<key>` or a name |
 * | `certificate#<name>`   | `current`           | version, sequence of the rollout that succeeded last (`catalogue.ts`) |
 * | `certificate#<name>`   | `rollouts`          | certificate, sequence, current, fingerprint, startedAt of the latest whole rollout; never deleted (`begin-rollout.ts`) |
 * | `certificate#<name>`   | `version#<fp>`      | rollout: the last whole rollout of the version; source; expiresAt |
 * | `rollout#<id>`         | `control`           | see `rollout-items.ts`; failures also by `rollout-failures.ts`; `closed` or `existing` for an execution without a rollout; expiresAt |
 * | `rollout#<id>`         | `approval#<wave>`   | taskToken, attempt, secretHash, requestedAt, decision, expiresAt (`approval-requests.ts`) |
 * | `rollouts`             | `<startedAt>#<id>`  | id, expiresAt: lists all rollouts |
 * | `rollouts#<name>`      | `<startedAt>#<id>`  | id, expiresAt: lists the rollouts of a certificate |
 * | `kept#<target id>`     | `<fingerprint>`     | targetId, fingerprint, sealedKey, sealed, keptAt, expiresAt (`../previous-bundles/kept-bundles.ts`) |
 * | `sweep`                | `cursor`            | reached, carried (`sweep-cursor.ts`) |
 */
export interface RegistryTable {
  readonly name: string;
  get(key: Key): Promise<Item | null>;
  /** In any order. Items that do not exist are missing. */
  many(keys: readonly Key[]): Promise<Item[]>;
  /** The items of a partition in the order of their sort keys. */
  query(partition: string, options?: QueryOptions): Promise<Item[]>;
  /** Writes the item, unless the stored one has a higher value of `attribute`. */
  putUnlessNewer(item: Item & Key, attribute: string): Promise<void>;
  /** Returns false, and changes nothing, if the condition fails. */
  update(key: Key, change: Change): Promise<boolean>;
  /**
   * Calls `decide`, which reads, and writes its actions in one transaction with conditions. If a condition fails or another
   * transaction conflicts, it calls `decide` again. Without actions nothing is written.
   */
  transact<Result>(decide: () => Promise<Writes<Result>>): Promise<Result>;
}

export interface QueryOptions {
  readonly prefix?: string;
  readonly limit?: number;
  readonly latestFirst?: boolean;
}

export interface Change {
  readonly expression: string;
  readonly when: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** The registry's table named `name`. */
export function createRegistryTable(documents: DynamoDBDocumentClient, name: string): RegistryTable {
  return {
    name,
    async get(Key) {
      const { Item } = await documents.send(new GetCommand({ TableName: name, Key, ConsistentRead: true }));
      return Item ?? null;
    },
    many: (keys) => batchGet(documents, name, keys),
    query: (partition, options = {}) => queryAll(documents, name, partition, options),
    putUnlessNewer: (item, attribute) => putUnlessNewer(documents, name, { item, attribute }),
    async update(Key, { expression, when, names, values }) {
      try {
        await documents.send(
          new UpdateCommand({
            TableName: name,
            Key,
            UpdateExpression: expression,
            ConditionExpression: when,
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: values,
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
    transact: (decide) => transact(documents, decide),
  };
}

async function putUnlessNewer(
  documents: DynamoDBDocumentClient,
  table: string,
  { item, attribute }: { readonly item: Item; readonly attribute: string },
): Promise<void> {
  const command = new PutCommand({
    TableName: table,
    Item: { ...item },
    ConditionExpression: 'attribute_not_exists(pk) OR #attribute <= :value',
    ExpressionAttributeNames: { '#attribute': attribute },
    ExpressionAttributeValues: { ':value': item[attribute] },
  });
  try {
    await documents.send(command);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

async function queryAll(
  documents: DynamoDBDocumentClient,
  table: string,
  partition: string,
  { prefix, limit, latestFirst = false }: QueryOptions,
) {
  const items: Item[] = [];
  const pages = paginateQuery(
    { client: documents, ...(limit !== undefined && { pageSize: limit }) },
    {
      TableName: table,
      KeyConditionExpression: prefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': partition, ...(prefix !== undefined && { ':prefix': prefix }) },
      ScanIndexForward: !latestFirst,
      ConsistentRead: true,
    },
  );
  for await (const page of pages) {
    items.push(...(page.Items ?? []));
    if (limit !== undefined && items.length >= limit) break;
  }
  return items.slice(0, limit);
}

/** Enough for dozens of writers of one item: one of them succeeds in each round. */
const maximumRounds = 60;

async function transact<Result>(
  documents: DynamoDBDocumentClient,
  decide: () => Promise<Writes<Result>>,
): Promise<Result> {
  for (let round = 0; ; round += 1) {
    const { result, actions } = await decide();
    if (actions.length === 0) return result;
    try {
      await documents.send(new TransactWriteCommand({ TransactItems: [...actions] }));
      return result;
    } catch (error) {
      if (!isConflict(error) || round === maximumRounds) throw error;
      await sleep(waitMilliseconds(round));
    }
  }
}

/** True if a condition failed or another transaction used the same item. */
function isConflict(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
  return codes.some((code) => code === 'ConditionalCheckFailed' || code === 'TransactionConflict');
}

/** Parses an item with its schema. If it is invalid, throws the error `name` with the key and the problems. */
export function readItem<Shape>(
  schema: z.ZodMiniType<Shape>,
  input: unknown,
  { key, name }: { readonly key: Key; readonly name: ErrorName },
): Shape {
  const parsed = z.safeParse(schema, input);
  if (parsed.success) return parsed.data;
  const problems = problemLines({ schema, input }, parsed.error.issues);
  throw new CertferryError(
    name,
    `the registry's item ${key.pk} / ${key.sk} cannot be read: ${problems.join('; ')}. If another build or a manual change wrote it, register it again.`,
    { details: { pk: key.pk, sk: key.sk, problems } },
  );
}
