import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { allowsReading } from '../../account/doctor/endpoint-policy.ts';
import type { Check } from '../../core/check.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { captured } from '../cli/capture.ts';
import { aTarget } from '../cli/finished.ts';
import type { AwsState, FakeAws, FakeVpc } from './aws.ts';
import { useAccount } from './use-account.ts';

const host = 'i-0123456789abcdef0';

let aws: FakeAws;
let documents: DynamoDBDocumentClient;

useAccount((account, client) => {
  [aws, documents] = [account, client];
});
beforeEach(async () => {
  const catalogue = createCatalogue(documents, tableNames.registry);
  await catalogue.putCertificate({ name: 'api.example.com', strategy: {}, serviceEndpoints: [] }, 'cli');
  await catalogue.putTarget(RegisteredTarget.parse({ ...aTarget(), host }), 'cli');
});

async function checkOf(name: string): Promise<Check | undefined> {
  const { out } = await captured('doctor', '--stack', 'Certferry', '--json');
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return checks.find((check) => check.name === name);
}

const isolated: FakeVpc = { architectures: ['x86_64'], hasDefaultRoute: false, endpoints: [] };
const own = [{ service: 'ssm' }, { service: 'ssmmessages' }, { service: 's3' }];
const policy = (statement: object) => JSON.stringify({ Statement: [statement] });
const otherBucket = policy({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:*',
  Resource: 'arn:aws:s3:::amazonlinux/*',
});

const node = (platform: object) => ({
  hosts: [
    {
      InstanceId: host,
      PingStatus: 'Online',
      AgentVersion: '3.3.2746.0',
      IPAddress: '10.0.0.7',
      ...platform,
    },
  ],
});

/** Each problem, planted, with the check that finds it. */
const planted: readonly (readonly [string, Partial<AwsState>, string, string])[] = [
  [
    'Amazon Linux 2 with a fetched runtime',
    node({ PlatformName: 'Amazon Linux', PlatformVersion: '2' }),
    'systems',
    `the C library is too old: ${host} (Amazon Linux 2)`,
  ],
  [
    'Bottlerocket',
    node({ PlatformName: 'Bottlerocket', PlatformVersion: '1.20.0' }),
    'systems',
    `not supported: ${host} (Bottlerocket 1.20.0)`,
  ],
  [
    'Windows',
    node({ PlatformType: 'Windows', PlatformName: 'Microsoft Windows Server 2022', PlatformVersion: '10' }),
    'systems',
    `not supported: ${host} (Microsoft Windows Server 2022 10)`,
  ],
  [
    'a VPC without internet and endpoints',
    { vpc: isolated },
    'VPC endpoints',
    `no default route, and no endpoint for: subnet-1 (vpc-1): ssm, ssmmessages, s3 for ${host}`,
  ],
  [
    'a VPC without internet that lacks one endpoint',
    { vpc: { ...isolated, endpoints: own.slice(0, 2) } },
    'VPC endpoints',
    `no default route, and no endpoint for: subnet-1 (vpc-1): s3 for ${host}`,
  ],
  [
    'a policy of the endpoint that denies the bucket',
    { vpc: { ...isolated, hasDefaultRoute: true, endpoints: [{ service: 's3', policy: otherBucket }] } },
    'endpoint policy',
    'denies s3:GetObject on assets: vpce-s3',
  ],
  [
    'two architectures with one fetched runtime',
    { vpc: { ...isolated, hasDefaultRoute: true, architectures: ['x86_64', 'arm64'] } },
    'architectures',
    'hosts with x86_64, arm64 fetch the same runtime',
  ],
];

describe('the checks of the doctor before production', () => {
  test.each(planted)('The doctor finds %s', async (_, state, name, found) => {
    Object.assign(aws.state, state);

    const check = await checkOf(name);

    expect(check).toMatchObject({ status: 'failed', found });
    expect(check?.next).not.toBeNull();
  });

  test.each([
    ['Amazon Linux 2023', node({ PlatformName: 'Amazon Linux', PlatformVersion: '2023' }), 'systems'],
    [
      'Amazon Linux 2 with its own Node',
      { ...node({ PlatformName: 'Amazon Linux', PlatformVersion: '2' }), runtimeUrl: 'host' },
      'systems',
    ],
    [
      'a VPC without internet that has the endpoints',
      { vpc: { ...isolated, endpoints: own } },
      'VPC endpoints',
    ],
    ['a VPC with internet', { vpc: { ...isolated, hasDefaultRoute: true } }, 'VPC endpoints'],
    ['the usual policy of an endpoint', { vpc: { ...isolated, endpoints: own } }, 'endpoint policy'],
  ])('The doctor accepts %s', async (_, state, name) => {
    Object.assign(aws.state, state);

    expect(await checkOf(name)).toMatchObject({ status: 'passed' });
  });

  test('The doctor finds a state machine with ARNs of another partition', async () => {
    const gov = (name: string) => `arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:${name}`;
    aws.state.outputs.DeployTargetArn = gov('certferry-deploy-target');
    aws.stepFunctions.definition = JSON.stringify({ Resource: 'arn:aws:states:::lambda:invoke' });

    expect(await checkOf('state machines')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('certferry-deploy-target: names ARNs of the partition aws,'),
    });
  });
});

describe('the policy of an endpoint', () => {
  const object = 'arn:aws:s3:::assets/agent.cjs';

  test.each([
    ['allows everything', { Effect: 'Allow', Action: '*', Resource: '*' }, true],
    [
      'allows the bucket',
      { Effect: 'Allow', Action: ['s3:Get*'], Resource: ['arn:aws:s3:::assets/*'] },
      true,
    ],
    ['allows only writing', { Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }, false],
    ['allows another bucket', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::assets-2/*' }, false],
    ['denies the bucket', { Effect: 'Deny', Action: 's3:*', Resource: '*' }, false],
  ])('A policy that %s is read as such', (_, statement, expected) => {
    expect(allowsReading(policy(statement), object)).toBe(expected);
  });

  test('A deny has precedence over an allow, unless it has a condition', () => {
    const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
    const deny = { Effect: 'Deny', Action: '*', Resource: '*' };
    const text = (other: object) => JSON.stringify({ Statement: [allow, other] });

    expect(allowsReading(text(deny), object)).toBe(false);
    expect(allowsReading(text({ ...deny, Condition: { Bool: {} } }), object)).toBe(true);
  });
});
