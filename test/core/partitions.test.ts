import { expect, test } from 'vitest';
import { partitionOf } from '../../core/partitions.ts';

test.each([
  ['eu-west-1', 'aws', 'amazonaws.com'],
  ['us-east-1', 'aws', 'amazonaws.com'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
  ['us-gov-east-1', 'aws-us-gov', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['cn-northwest-1', 'aws-cn', 'amazonaws.com.cn'],
])('The region %s belongs to the partition %s with the domain %s', (region, partition, dnsSuffix) => {
  expect(partitionOf(region)).toMatchObject({ partition, dnsSuffix });
});
