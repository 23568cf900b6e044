import { readFileSync } from 'node:fs';
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

test('The script on the hosts uses the same domain for each partition', () => {
  const script = readFileSync('agent-scripts/bootstrap.sh', 'utf8');
  const rows = [...script.matchAll(/([a-z-]*)\*\) printf '([a-z0-9.]+)' ;;/g)];

  expect(rows.length).toBeGreaterThan(1);
  for (const [, prefix, domain] of rows) {
    expect([prefix, partitionOf(`${prefix}west-1`).dnsSuffix]).toEqual([prefix, domain]);
  }
});
