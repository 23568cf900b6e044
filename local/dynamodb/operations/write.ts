// PutItem, UpdateItem, DeleteItem, and the same as actions of a transaction.
import * as z from 'zod/mini';
import { ServiceError } from '../../http/service-error.ts';
import { parseCondition } from '../expressions/condition.ts';
import { type PlaceholderInput, Placeholders } from '../expressions/placeholders.ts';
import { parseUpdate } from '../expressions/update.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import { attributesOf, type Key, keyOfItem, keyOfRequest } from '../storage/table-definition.ts';
import { expectItemFits, type Item, parseItem } from '../values/attribute-values.ts';
import { invalid } from '../values/invalid.ts';
import { conditionParameters, parseRequest, RawItem } from './request.ts';

/** A write whose request has been checked; the database has not been read yet. */
export interface PreparedWrite {
  readonly table: Table;
  readonly key: Key;
  /** Returns the item that the write leaves (null: none), or the failure of its condition. Throws ValidationException. */
  evaluate(oldItem: Item | null): Evaluation;
}

export type Evaluation =
  | { readonly type: 'write'; readonly newItem: Item | null }
  /** The condition of a ConditionCheck is true: nothing is to be written. */
  | { readonly type: 'check' }
  /** `item` is there if the request asked for it. */
  | { readonly type: 'condition_failed'; readonly item: Item | null };

export type PrepareWrite = (database: Database, input: unknown) => PreparedWrite;

const ReturnValues = {
  put: z._default(z.enum(['NONE', 'ALL_OLD']), 'NONE'),
  update: z._default(z.enum(['NONE', 'ALL_OLD', 'ALL_NEW']), 'NONE'),
};

const PutItemInput = z.strictObject({
  TableName: z.string(),
  Item: RawItem,
  ...conditionParameters,
  ReturnValues: ReturnValues.put,
});

export const preparePut: PrepareWrite = (database, input) => {
  const request = parseRequest(PutItemInput, input);
  const table = database.table(request.TableName);
  const item = parseItem(request.Item);
  const key = keyOfItem(table.definition, item);
  expectItemFits(item);
  const guard = readGuard(request, new Placeholders(request));
  return { table, key, evaluate: (oldItem) => guard(oldItem) ?? { type: 'write', newItem: item } };
};

const UpdateItemInput = z.strictObject({
  TableName: z.string(),
  Key: RawItem,
  UpdateExpression: z.optional(z.string()),
  ...conditionParameters,
  ReturnValues: ReturnValues.update,
});

export const prepareUpdate: PrepareWrite = (database, input) => {
  const request = parseRequest(UpdateItemInput, input);
  const table = database.table(request.TableName);
  const keyItem = parseItem(request.Key);
  const key = keyOfRequest(table.definition, keyItem);
  const placeholders = new Placeholders(request);
  const update =
    request.UpdateExpression === undefined ? null : parseUpdate(request.UpdateExpression, placeholders);
  const guard = readGuard(request, placeholders);
  const keyAttribute = attributesOf(table.definition).find((name) => update?.attributes.includes(name));
  if (keyAttribute !== undefined) {
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${keyAttribute}. This attribute is part of the key`,
    );
  }
  const evaluate = (oldItem: Item | null): Evaluation => {
    const failure = guard(oldItem);
    if (failure !== null) return failure;
    const newItem = update === null ? (oldItem ?? keyItem) : update.apply(oldItem ?? keyItem);
    keyOfItem(table.definition, newItem);
    expectItemFits(newItem);
    return { type: 'write', newItem };
  };
  return { table, key, evaluate };
};

const DeleteItemInput = z.strictObject({
  TableName: z.string(),
  Key: RawItem,
  ...conditionParameters,
  ReturnValues: ReturnValues.put,
});

export const prepareDelete: PrepareWrite = (database, input) => {
  const request = parseRequest(DeleteItemInput, input);
  const table = database.table(request.TableName);
  const key = keyOfRequest(table.definition, parseItem(request.Key));
  const guard = readGuard(request, new Placeholders(request));
  return { table, key, evaluate: (oldItem) => guard(oldItem) ?? { type: 'write', newItem: null } };
};

const ConditionCheckInput = z.strictObject({
  TableName: z.string(),
  Key: RawItem,
  ...conditionParameters,
  ConditionExpression: z.string(),
});

export const prepareConditionCheck: PrepareWrite = (database, input) => {
  const request = parseRequest(ConditionCheckInput, input);
  const table = database.table(request.TableName);
  const key = keyOfRequest(table.definition, parseItem(request.Key));
  const guard = readGuard(request, new Placeholders(request));
  return { table, key, evaluate: (oldItem) => guard(oldItem) ?? { type: 'check' } };
};

interface GuardInput extends PlaceholderInput {
  readonly ConditionExpression?: string | undefined;
  readonly ReturnValuesOnConditionCheckFailure: 'NONE' | 'ALL_OLD';
}

/** Parses the request's condition, the last one to use its placeholders. */
function readGuard(
  { ConditionExpression, ReturnValuesOnConditionCheckFailure }: GuardInput,
  placeholders: Placeholders,
): (oldItem: Item | null) => Evaluation | null {
  const condition =
    ConditionExpression === undefined ? () => true : parseCondition(ConditionExpression, placeholders);
  placeholders.expectAllUsed();
  return (oldItem) => {
    if (condition(oldItem)) return null;
    return {
      type: 'condition_failed',
      item: ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? oldItem : null,
    };
  };
}

/** Runs a single write. Throws ConditionalCheckFailedException. */
export function write(prepare: PrepareWrite, database: Database, input: unknown): object {
  const { table, key, evaluate } = prepare(database, input);
  return database.write(() => {
    const oldItem = table.get(key);
    const evaluation = evaluate(oldItem);
    if (evaluation.type === 'condition_failed') throw conditionFailed(evaluation.item);
    const newItem = evaluation.type === 'write' ? evaluation.newItem : oldItem;
    database.change(table, key, oldItem, newItem);
    return returned((input as { readonly ReturnValues?: string }).ReturnValues, oldItem, newItem);
  });
}

function conditionFailed(item: Item | null): ServiceError {
  return new ServiceError(
    'ConditionalCheckFailedException',
    'The conditional request failed',
    item === null ? {} : { Item: item },
  );
}

function returned(values: string | undefined, oldItem: Item | null, newItem: Item | null): object {
  const item = values === 'ALL_OLD' ? oldItem : values === 'ALL_NEW' ? newItem : null;
  return item === null ? {} : { Attributes: item };
}
