// The doors into dynalite 4.0.0 (pinned, CommonJS, without types) that the engine goes through. Its own HTTP server is
// left aside: it can neither hold a transaction together nor tell the item that was in a condition's way.
import { createRequire } from 'node:module';
import type { Callback, Store, StoreOptions } from './store.ts';

const require = createRequire(import.meta.url);

type Json = Record<string, unknown>;
type Action = (store: Store, data: Json, callback: Callback<Json>) => void;
interface Shape {
  readonly types: unknown;
  readonly custom: unknown;
}

const validations = require('dynalite/validations') as {
  checkTypes(data: Json, types: unknown): Json;
  checkValidations(data: Json, types: unknown, custom: unknown, store: Store): void;
};

/** An error of dynalite that has a body for the client. */
export interface DynaliteError extends Error {
  readonly statusCode: number;
  readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
}

export const singleWrites = ['PutItem', 'UpdateItem', 'DeleteItem'] as const;
export type SingleWrite = (typeof singleWrites)[number];

const names = [
  ...singleWrites,
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteTable',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'Query',
  'Scan',
] as const;
export type DynaliteOperation = (typeof names)[number];
export const dynaliteOperations: readonly DynaliteOperation[] = names;

const loaded = new Map<DynaliteOperation, { action: Action; shape: Shape }>(
  names.map((name) => {
    const file = name.charAt(0).toLowerCase() + name.slice(1);
    const action = require(`dynalite/actions/${file}`) as Action;
    return [name, { action, shape: require(`dynalite/validations/${file}`) as Shape }];
  }),
);

export const createStore = (options: StoreOptions): Store =>
  (require('dynalite/db') as { create(options: StoreOptions): Store }).create(options);

/** Validates a request as DynamoDB would and runs dynalite's action on `store`. Throws {@link DynaliteError}. */
export async function runDynalite(store: Store, name: DynaliteOperation, request: Json): Promise<Json> {
  const { action, shape } = loaded.get(name) ?? unknown(name);
  const data = validations.checkTypes(structuredClone(request), shape.types);
  validations.checkValidations(data, shape.types, shape.custom, store);
  return new Promise((resolve, reject) => {
    action(store, data, (error, result) => {
      if (error) reject(error);
      else resolve(result ?? {});
    });
  });
}

export function isDynaliteError(error: unknown): error is DynaliteError {
  return error instanceof Error && 'statusCode' in error && 'body' in error;
}

/** `ConditionalCheckFailedException` out of `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`. */
export function errorName(error: DynaliteError): string {
  return error.body.__type.split('#').at(-1) ?? error.body.__type;
}

export function errorMessage(error: DynaliteError): string {
  return error.body.message ?? error.body.Message ?? '';
}

function unknown(name: string): never {
  throw new Error(`dynalite has no ${name}`);
}
