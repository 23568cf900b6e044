import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { resourcesOf, roleOf, statementsOf, textOf, theResource } from './resources.ts';
import { anApp, someArtefacts, synthesize } from './synthesized.ts';

const template = synthesize();
const encrypted = { 'Fn::GetAtt': [Match.stringLikeRegexp('^CertferryKey'), 'Arn'] };

describe('the checks of AWS Solutions', () => {
  test('The checks of AWS Solutions pass', () => {
    expect(() => anApp().app.synth()).not.toThrow();
  });

  test('The checks of AWS Solutions refuse a stack with something in it that they find', () => {
    const { app, stack } = anApp();
    new Bucket(stack, 'Careless');

    expect(() => app.synth()).toThrow();
    expect(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')).toContain('AwsSolutions-S10');
  });
});

describe('the tables', () => {
  test.each([
    ['Locks', ['pk'], []],
    ['Registry', ['pk', 'sk'], []],
    ['Deployments', ['targetId', 'sk'], ['byCertificate: certificate, sk', 'byRollout: rollout, sk']],
  ])('%s has its keys and indexes', (name, keys, indexes) => {
    const { properties } = theResource(template, 'AWS::DynamoDB::Table', ({ id }) => id.includes(name));
    const names = (schema: { AttributeName: string }[]): string[] => schema.map((key) => key.AttributeName);

    expect(names(properties.KeySchema)).toEqual(keys);
    const found = (properties.GlobalSecondaryIndexes ?? []).map(
      (index: { IndexName: string; KeySchema: { AttributeName: string }[] }) =>
        `${index.IndexName}: ${names(index.KeySchema).join(', ')}`,
    );
    expect(found).toEqual(indexes);
  });

  test('The tables are on demand, encrypted with our key, recoverable to any second, and outlive the stack', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 3);
    template.allResources('AWS::DynamoDB::Table', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: encrypted },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      }),
    });
  });
});

describe('the key', () => {
  test('The key is rotated, outlives the stack, and serves other services only under a condition', () => {
    const { properties, deletionPolicy } = theResource(
      template,
      'AWS::KMS::Key',
      (one) => one.properties.KeyUsage === undefined,
    );

    expect(properties.EnableKeyRotation).toBe(true);
    expect(deletionPolicy).toBe('RetainExceptOnCreate');
    const [account, ...services] = properties.KeyPolicy.Statement;
    expect(textOf(account.Principal.AWS)).toBe('arn:<Partition>:iam::<AccountId>:root');
    expect(services.map((one: { Sid: string }) => one.Sid)).toEqual(['Logs', 'Alarms']);
    expect(services.every((one: { Condition?: object }) => one.Condition !== undefined)).toBe(true);
  });
});

describe('the logs', () => {
  test('The logs are encrypted with our key, kept a year, and hold no data of executions', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', {
      KmsKeyId: encrypted,
      RetentionInDays: 365,
      LogGroupName: Match.stringLikeRegexp('^(/aws/lambda/certferry-|/aws/vendedlogs/states/certferry-)'),
    });
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('the Lambdas', () => {
  test('The Lambdas run on Node 24 on arm64, and write into their own log group', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
    });
    for (const { properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      const log = theResource(
        template,
        'AWS::Logs::LogGroup',
        (group) => group.properties.LogGroupName === `/aws/lambda/${properties.FunctionName}`,
      );
      expect(properties.LoggingConfig).toEqual({ LogGroup: { Ref: log.id } });
    }
  });

  test('The Lambdas that probe run in the configured network, and no other does', () => {
    const stack = new Stack(new App(), 'Networked', {});
    const vpc = new Vpc(stack, 'Vpc');
    new Certferry(stack, 'Certferry', {
      artefacts: someArtefacts(),
      runtime: 'host',
      network: { vpc: vpc as IVpc },
    });

    const networked = Template.fromStack(stack);
    const inVpc = resourcesOf(networked, 'AWS::Lambda::Function').filter(
      ({ properties }) => properties.VpcConfig !== undefined,
    );
    expect(inVpc.map(({ properties }) => properties.FunctionName).sort()).toEqual([
      'certferry-probe-endpoint',
      'certferry-probe-restored',
      'certferry-probe-services',
      'certferry-sweep',
    ]);
    // Lambda refuses to make a function in a VPC whose role may not make network interfaces
    const joining = resourcesOf(networked, 'AWS::IAM::Role').filter(({ properties }) =>
      JSON.stringify(properties.ManagedPolicyArns ?? '').includes('AWSLambdaVPCAccessExecutionRole'),
    );
    expect(joining.map(({ id }) => id).sort()).toEqual(inVpc.map(roleOf).sort());
  });
});

describe('the host policy', () => {
  test('The host policy reads the two pinned agents and nothing else', () => {
    const { properties } = theResource(template, 'AWS::IAM::ManagedPolicy', () => true);

    const [statement, ...others] = statementsOf(properties.PolicyDocument);
    expect(others).toEqual([]);
    expect(statement?.actions).toEqual(['s3:GetObject']);
    const agent = expect.stringMatching(/^arn:<Partition>:s3:::[^*]+\/[0-9a-f]{64}\.cjs$/);
    expect(statement?.resources).toEqual([agent, agent]);
  });
});

describe('the work bucket', () => {
  const bucket = theResource(template, 'AWS::S3::Bucket', () => true);

  test('The work bucket is encrypted with our key, closed to the public, and keeps nothing for longer than a rollout may need it', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: encrypted },
          },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: [
          {
            Status: 'Enabled',
            ExpirationInDays: 400,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  test('The work bucket has no versions, sends no notifications, and is retained when the stack is deleted', () => {
    expect(bucket.properties.VersioningConfiguration).toBeUndefined();
    expect(bucket.properties.NotificationConfiguration).toBeUndefined();
    expect(bucket.deletionPolicy).toBe('RetainExceptOnCreate');
  });

  test('The work bucket answers over TLS only', () => {
    const { properties } = theResource(template, 'AWS::S3::BucketPolicy', () => true);

    expect(properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ]);
  });
});
