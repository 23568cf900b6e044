import { rolloutKey } from './rollout-items.ts';

/**
 * Counts one failed deployment of a rollout: an action for the transaction that records the deployment, so that it is
 * counted once. It has no condition and therefore never prevents the recording. For an unknown rollout it leaves an item
 * with a count alone.
 */
export function countFailure(registryTable: string, rolloutId: string) {
  return {
    Update: {
      TableName: registryTable,
      Key: rolloutKey(rolloutId),
      UpdateExpression: 'ADD failures :one',
      ExpressionAttributeValues: { ':one': 1 },
    },
  };
}
