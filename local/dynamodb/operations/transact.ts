import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { ServiceError } from '../../http/service-error.ts';
import type { Database } from '../storage/database.ts';
import { type Item, itemBytes } from '../values/attribute-values.ts';
import { invalid } from '../values/invalid.ts';
import { parseRequest } from './request.ts';
import {
  type Evaluation,
  type PreparedWrite,
  type PrepareWrite,
  prepareConditionCheck,
  prepareDelete,
  preparePut,
  prepareUpdate,
} from './write.ts';

const prepareAction: Readonly<Record<string, PrepareWrite>> = {
  Put: preparePut,
  Update: prepareUpdate,
  Delete: prepareDelete,
  ConditionCheck: prepareConditionCheck,
};

/** DynamoDB's limits of one transaction. */
const maximumActions = 100;
const maximumBytes = 4 * 1024 * 1024;
/** A client request token is honoured for ten minutes after the transaction. */
const tokenMilliseconds = 600_000;

const TransactWriteItemsInput = z.strictObject({
  TransactItems: z.array(z.record(z.string(), z.unknown())),
  ClientRequestToken: z.optional(z.string().check(z.minLength(1), z.maxLength(36))),
});

/** Evaluates every condition before it writes anything. Throws TransactionCanceledException. */
export function transactWriteItems(database: Database, input: unknown): object {
  const { TransactItems, ClientRequestToken } = parseRequest(TransactWriteItemsInput, input);
  const writes = prepareAll(database, TransactItems);
  const since = Date.now() - tokenMilliseconds;
  const digest = createHash('sha256').update(JSON.stringify(TransactItems)).digest('hex');
  return database.write(() => {
    if (ClientRequestToken !== undefined && isRepeated(database, ClientRequestToken, { digest, since }))
      return {};
    const results = writes.map(evaluated);
    expectNoFailure(results);
    expectFits(results);
    for (const { prepared, oldItem, outcome } of results) {
      if (outcome.type === 'write') database.change(prepared.table, prepared.key, oldItem, outcome.newItem);
    }
    if (ClientRequestToken !== undefined) database.rememberToken(ClientRequestToken, digest, since);
    return {};
  });
}

function prepareAll(database: Database, items: readonly Record<string, unknown>[]): PreparedWrite[] {
  if (items.length === 0 || items.length > maximumActions) {
    throw invalid(`A transaction takes 1 to ${maximumActions} actions`);
  }
  const writes = items.map((item) => {
    const [entry, ...others] = Object.entries(item);
    const prepare = entry === undefined || others.length > 0 ? undefined : prepareAction[entry[0]];
    if (prepare === undefined) {
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
    }
    return prepare(database, entry?.[1]);
  });
  const keys = writes.map(({ table, key }) =>
    JSON.stringify([table.definition.name, key.partition, key.sort]),
  );
  if (new Set(keys).size < keys.length) {
    throw invalid('Transaction request cannot include multiple operations on one item');
  }
  return writes;
}

function isRepeated(
  database: Database,
  token: string,
  { digest, since }: { readonly digest: string; readonly since: number },
): boolean {
  const known = database.digestOf(token, since);
  if (known !== null && known !== digest) {
    throw new ServiceError(
      'IdempotentParameterMismatchException',
      'The request token was used with a different transaction.',
    );
  }
  return known !== null;
}

interface EvaluatedWrite {
  readonly prepared: PreparedWrite;
  readonly oldItem: Item | null;
  readonly outcome: Evaluation | { readonly type: 'invalid'; readonly message: string };
}

function evaluated(prepared: PreparedWrite): EvaluatedWrite {
  const oldItem = prepared.table.get(prepared.key);
  try {
    return { prepared, oldItem, outcome: prepared.evaluate(oldItem) };
  } catch (error) {
    if (!(error instanceof ServiceError) || error.name !== 'ValidationException') throw error;
    return { prepared, oldItem, outcome: { type: 'invalid', message: error.message } };
  }
}

function expectNoFailure(results: readonly EvaluatedWrite[]): void {
  const reasons = results.map(({ outcome }) => reasonOf(outcome));
  if (reasons.every(({ Code }) => Code === 'None')) return;
  const codes = reasons.map(({ Code }) => Code).join(', ');
  throw new ServiceError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

interface Reason {
  readonly Code: 'None' | 'ConditionalCheckFailed' | 'ValidationError';
  readonly Message?: string;
  readonly Item?: Item;
}

function reasonOf(outcome: EvaluatedWrite['outcome']): Reason {
  if (outcome.type === 'invalid') return { Code: 'ValidationError', Message: outcome.message };
  if (outcome.type !== 'condition_failed') return { Code: 'None' };
  return {
    Code: 'ConditionalCheckFailed',
    Message: 'The conditional request failed',
    ...(outcome.item !== null && { Item: outcome.item }),
  };
}

function expectFits(results: readonly EvaluatedWrite[]): void {
  const bytes = results.reduce(
    (sum, { outcome }) =>
      sum + (outcome.type === 'write' && outcome.newItem !== null ? itemBytes(outcome.newItem) : 0),
    0,
  );
  if (bytes > maximumBytes) throw invalid('Collection size of the transaction exceeds the limit of 4 MB');
}
