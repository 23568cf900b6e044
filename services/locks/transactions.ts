import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

/**
 * The positions of the actions whose own condition failed in a cancelled transaction. Null for any other error, such as a
 * conflict with another transaction: the state's Retry handles those.
 */
export function refusedActions(error: unknown): number[] | null {
  if (!(error instanceof TransactionCanceledException)) return null;
  const reasons = error.CancellationReasons ?? [];
  const refused = reasons.flatMap(({ Code }, at) => (Code === 'ConditionalCheckFailed' ? [at] : []));
  return refused.length === 0 ? null : refused;
}

/** The item that made the action at a position fail, if the action requested it. */
export function refusedItem(error: unknown, at: number): Record<string, unknown> | null {
  if (!(error instanceof TransactionCanceledException)) return null;
  const item = error.CancellationReasons?.[at]?.Item;
  return item === undefined ? null : unmarshall(item);
}
