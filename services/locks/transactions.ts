import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

/**
 * Which actions of a cancelled transaction were refused by their own condition, by position. Null when the error is
 * something else, a conflict with another transaction included: those are worth a retry, which is the caller's state's.
 */
export function refusedActions(error: unknown): number[] | null {
  if (!(error instanceof TransactionCanceledException)) return null;
  const reasons = error.CancellationReasons ?? [];
  const refused = reasons.flatMap(({ Code }, at) => (Code === 'ConditionalCheckFailed' ? [at] : []));
  return refused.length === 0 ? null : refused;
}

/** The item that stood in the way of the action at a position, where the action asked for it. */
export function refusedItem(error: unknown, at: number): Record<string, unknown> | null {
  if (!(error instanceof TransactionCanceledException)) return null;
  const item = error.CancellationReasons?.[at]?.Item;
  return item === undefined ? null : unmarshall(item);
}
