import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';

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
