import { createHash } from 'node:crypto';
import { ServiceError } from '../http/service-error.ts';
import { type DynaliteError, errorMessage, errorName, isDynaliteError, runDynalite } from './dynalite.ts';
import { type Recording, recordingStore } from './recording-store.ts';
import type { BatchWrite, Store } from './store.ts';

type Json = Record<string, unknown>;

/** How each part of a transaction is run. A condition check is a deletion whose writes are thrown away. */
const parts = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'DeleteItem',
} as const;

const maximumActions = 100;
const tokenPrefix = 'certferry-token~';
/** DynamoDB honours a client request token for ten minutes after the transaction. */
const tokenMilliseconds = 600_000;

interface Remembered {
  readonly digest: string;
  readonly at: number;
}

/**
 * TransactWriteItems: every condition is judged before anything is written; then all writes, and the memory of the
 * client's token, go in one batch. The caller sees to it that nothing else runs meanwhile.
 */
export async function transactWrite(store: Store, request: Json): Promise<Json> {
  const actions = actionsOf(request);
  const token = await tokenOf(store, request);
  if (token?.seen === true) return {};
  const recordings = [];
  const reasons = [];
  for (const action of actions) {
    const recording = recordingStore(store);
    reasons.push(await judge(action, recording));
    recordings.push(recording);
  }
  refuseTwoOnOneItem(recordings);
  refuseFailed(reasons);
  const writes = recordings.flatMap(({ writes }) => writes);
  if (token !== null) writes.push(token.memory);
  await store.db.batch(writes);
  return {};
}

/** Forgets the tokens of transactions that no client may repeat any more. */
export async function forgetOldTokens(store: Store, now: number): Promise<void> {
  const old: BatchWrite[] = [];
  for await (const [key, value] of store.db.iterator({ gte: tokenPrefix, lt: `${tokenPrefix}\xFF` })) {
    if ((value as Remembered).at < now - tokenMilliseconds) old.push({ type: 'del', key });
  }
  if (old.length > 0) await store.db.batch(old);
}

interface TransactAction {
  readonly kind: keyof typeof parts;
  readonly body: Json;
}

function actionsOf(request: Json): TransactAction[] {
  const items = request.TransactItems;
  if (!Array.isArray(items) || items.length === 0 || items.length > maximumActions) {
    throw invalid(`a transaction takes 1 to ${maximumActions} actions`);
  }
  return items.map((item: Json) => {
    const [entry, ...others] = Object.entries(item).filter(([, body]) => body !== null);
    if (entry === undefined || others.length > 0 || !Object.hasOwn(parts, entry[0])) {
      throw invalid('each action of a transaction is one of Put, Update, Delete and ConditionCheck');
    }
    return { kind: entry[0] as keyof typeof parts, body: entry[1] as Json };
  });
}

interface Token {
  readonly seen: boolean;
  readonly memory: BatchWrite;
}

async function tokenOf(store: Store, request: Json): Promise<Token | null> {
  const token = request.ClientRequestToken;
  if (typeof token !== 'string') return null;
  const digest = createHash('sha256').update(JSON.stringify(request.TransactItems)).digest('hex');
  const key = tokenPrefix + token;
  const known = (await store.db.get(key)) as Remembered | undefined;
  const seen = known !== undefined && known.at > Date.now() - tokenMilliseconds;
  if (seen && known.digest !== digest) {
    throw new ServiceError(
      'IdempotentParameterMismatchException',
      'The token was used for another transaction.',
    );
  }
  return { seen, memory: { type: 'put', key, value: { digest, at: Date.now() } satisfies Remembered } };
}

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: unknown;
}

async function judge({ kind, body }: TransactAction, recording: Recording): Promise<Reason> {
  try {
    await runDynalite(recording.store, parts[kind], body);
    if (kind === 'ConditionCheck') recording.writes.length = 0;
    return { Code: 'None' };
  } catch (error) {
    if (!isDynaliteError(error)) throw error;
    return reasonFor(error, body, recording);
  }
}

function reasonFor(error: DynaliteError, body: Json, recording: Recording): Reason {
  const name = errorName(error);
  if (name === 'ConditionalCheckFailedException') {
    const reason = { Code: 'ConditionalCheckFailed', Message: errorMessage(error) };
    const wanted = body.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && recording.existing !== null;
    return wanted ? { ...reason, Item: recording.existing } : reason;
  }
  if (name === 'ValidationException') return { Code: 'ValidationError', Message: errorMessage(error) };
  throw error;
}

function refuseTwoOnOneItem(recordings: readonly Recording[]): void {
  const keys = recordings.map(({ itemKey }) => itemKey).filter((key) => key !== null);
  if (new Set(keys).size < keys.length) {
    throw invalid('Transaction request cannot include multiple operations on one item');
  }
}

function refuseFailed(reasons: readonly Reason[]): void {
  if (reasons.every(({ Code }) => Code === 'None')) return;
  const codes = reasons.map(({ Code }) => Code).join(', ');
  throw new ServiceError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
