import { expect, test } from 'vitest';
import { executionPageOf } from '../../core/console-link.ts';

const execution = (partition: string, region: string, machine = 'deploy') =>
  `arn:${partition}:states:${region}:123456789012:execution:${machine}:web-1-20261122T041500-1a2b3c4d`;

test.each([
  ['aws', 'eu-west-1', 'console.aws.amazon.com'],
  ['aws-us-gov', 'us-gov-west-1', 'console.amazonaws-us-gov.com'],
  ['aws-cn', 'cn-north-1', 'console.amazonaws.cn'],
  ['aws-eusc', 'eusc-de-east-1', 'console.amazonaws-eusc.eu'],
])(
  'The link to an execution in the partition %s leads to the console of that partition',
  (partition, region, domain) => {
    const arn = execution(partition, region);

    expect(executionPageOf(arn)).toBe(
      `https://${region}.${domain}/states/home?region=${region}#/v2/executions/details/${arn}`,
    );
  },
);

test('An execution in a partition without a public console is named by its ARN', () => {
  const arn = execution('aws-iso', 'us-iso-east-1');

  expect(executionPageOf(arn)).toBe(arn);
});

test('The link to an execution in a Distributed Map has one part after the last slash', () => {
  const arn = execution('aws', 'eu-west-1', 'rollout/DeployWave');

  expect(executionPageOf(arn).split('#')[1]?.split('/')).toHaveLength(5);
  expect(decodeURIComponent(executionPageOf(arn))).toContain(arn);
});
