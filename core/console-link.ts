import { partitionOf } from './partitions.ts';

/**
 * The page of an execution in the console of its partition, or the ARN if the console of the partition has no public domain.
 * A `/` is encoded: the ARN of an execution in a Distributed Map contains one.
 */
export function executionPageOf(executionArn: string): string {
  const region = executionArn.split(':')[3] ?? '';
  const { consoleDomain } = partitionOf(region);
  if (consoleDomain === null) return executionArn;
  const page = executionArn.replaceAll('/', '%2F');
  return `https://${region}.${consoleDomain}/states/home?region=${region}#/v2/executions/details/${page}`;
}
