import { rolloutKey } from './rollout-items.ts';

/**
 * Counts one failed deployment of a rollout: an action for the very transaction that records the deployment, so that
 * it is counted once. It has no condition, and so cannot stand in the way of recording: of a rollout that nobody knows
 * it leaves a count that nobody reads.
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
