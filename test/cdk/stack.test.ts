import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { resourcesOf, statementsOf, textOf, theFunction, theResource } from './resources.ts';
import { anApp, someArtefacts, synthesize } from './synthesized.ts';

const template = synthesize();
const encrypted = { 'Fn::GetAtt': [Match.stringLikeRegexp('^CertferryKey'), 'Arn'] };

describe('the checks of AWS Solutions', () => {
  test('pass', () => {
    expect(() => anApp().app.synth()).not.toThrow();
  });

  test('refuse a stack with something in it that they find', () => {
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

  test('are on demand, encrypted with our key, recoverable to any second, and outlive the stack', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 3);
    template.allResources('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: encrypted },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      }),
    });
  });
});

describe('the key', () => {
  test('is rotated, outlives the stack, and serves other services only under a condition', () => {
    const { properties, deletionPolicy } = theResource(template, 'AWS::KMS::Key', () => true);

    expect(properties.EnableKeyRotation).toBe(true);
    expect(deletionPolicy).toBe('Retain');
    const [account, ...services] = properties.KeyPolicy.Statement;
    expect(textOf(account.Principal.AWS)).toBe('arn:<Partition>:iam::<AccountId>:root');
    expect(services.map((one: { Sid: string }) => one.Sid)).toEqual(['Logs', 'Alarms']);
    expect(services.every((one: { Condition?: object }) => one.Condition !== undefined)).toBe(true);
  });
});

describe('the logs', () => {
  test('are encrypted with our key, kept a year, and hold no data of executions', () => {
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
  test('run on Node 24 on arm64, and write into their own log group', () => {
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

  test.each([
    ['acquire-lock', ['LOCKS_TABLE', 'REGISTRY_TABLE']],
    ['push-bundle', ['DOCUMENT_NAME', 'DOCUMENT_VERSION', 'LOCKS_TABLE', 'REGISTRY_TABLE']],
    ['reconcile-command', ['DOCUMENT_NAME', 'DOCUMENT_VERSION', 'LOCKS_TABLE', 'REGISTRY_TABLE']],
    ['probe-endpoint', []],
    ['probe-from-host', ['DOCUMENT_NAME', 'DOCUMENT_VERSION', 'LOCKS_TABLE', 'REGISTRY_TABLE']],
    ['roll-back', ['DOCUMENT_NAME', 'DOCUMENT_VERSION', 'LOCKS_TABLE', 'REGISTRY_TABLE']],
    ['probe-restored', []],
    ['record-outcome', ['DEPLOYMENTS_TABLE', 'LOCKS_TABLE']],
    ['command-status', ['DOCUMENT_NAME', 'DOCUMENT_VERSION', 'LOCKS_TABLE', 'REGISTRY_TABLE']],
    ['release-lock', ['DEPLOYMENTS_TABLE', 'LOCKS_TABLE']],
  ])('%s is told what it needs and no more', (name, variables) => {
    const { properties } = theFunction(template, name);

    expect(Object.keys(properties.Environment?.Variables ?? {}).sort()).toEqual(variables);
  });

  test('that probe run where they are told to, and no other does', () => {
    const stack = new Stack(new App(), 'Networked', {});
    const vpc = new Vpc(stack, 'Vpc');
    new Certferry(stack, 'Certferry', {
      artefacts: someArtefacts(),
      runtime: 'host',
      network: { vpc: vpc as IVpc },
    });

    const inVpc = resourcesOf(Template.fromStack(stack), 'AWS::Lambda::Function')
      .filter(({ properties }) => properties.VpcConfig !== undefined)
      .map(({ properties }) => properties.FunctionName);
    expect(inVpc).toEqual(['certferry-probe-endpoint', 'certferry-probe-restored']);
  });
});

describe('the rules', () => {
  const rule = (name: string) =>
    theResource(template, 'AWS::Events::Rule', ({ id }) => id.includes(name)).properties;

  test('hear of ended commands with our document, never of the command event that carries parameters', () => {
    expect(rule('CommandEnded').EventPattern).toEqual({
      source: ['aws.ssm'],
      'detail-type': ['EC2 Command Invocation Status-change Notification'],
      detail: {
        'document-name': ['certferry-agent'],
        status: [{ 'anything-but': ['Pending', 'InProgress', 'Delayed', 'Cancelling'] }],
      },
    });
  });

  test('hear of executions of our machine that ended badly', () => {
    expect(rule('ExecutionEnded').EventPattern).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: {
        stateMachineArn: [{ Ref: expect.stringMatching(/^CertferryDeployTarget/) }],
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
      },
    });
  });

  test.each([
    ['CommandEnded', 'command-status'],
    ['ExecutionEnded', 'release-lock'],
  ])('%s starts %s, is retried for a day, and leaves in a queue what was never taken', (name, task) => {
    const queue = theResource(template, 'AWS::SQS::Queue', ({ id }) => id.includes(name));
    const lambda = theFunction(template, task);

    expect(rule(name).Targets).toEqual([
      {
        Id: 'Target0',
        Arn: { 'Fn::GetAtt': [lambda.id, 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queue.id, 'Arn'] } },
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      },
    ]);
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: lambda.id },
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue.id, 'Arn'] } } },
    });
    expect(queue.properties.SqsManagedSseEnabled).toBe(true);
  });

  test('put into their queues over TLS only', () => {
    for (const { properties } of resourcesOf(template, 'AWS::SQS::QueuePolicy')) {
      expect(properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });
});

describe('the notifications', () => {
  test('are encrypted with our key, and alarms of this account may publish', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: encrypted });
    const { properties } = theResource(template, 'AWS::SNS::TopicPolicy', () => true);
    expect(properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  test('tell of deployments that failed, timed out or were aborted, and of events nobody took', () => {
    const metrics = (name: string): string[] =>
      theResource(template, 'AWS::CloudWatch::Alarm', ({ id }) => id.includes(name))
        .properties.Metrics.flatMap((one: { MetricStat?: { Metric: { MetricName: string } } }) =>
          one.MetricStat === undefined ? [] : [one.MetricStat.Metric.MetricName],
        )
        .sort();

    expect(metrics('DeploymentFailed')).toEqual([
      'ExecutionsAborted',
      'ExecutionsFailed',
      'ExecutionsTimedOut',
    ]);
    expect(new Set(metrics('EventUndelivered'))).toEqual(new Set(['ApproximateNumberOfMessagesVisible']));
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^CertferryNotificationsTopic') }],
      TreatMissingData: 'notBreaching',
    });
  });
});

describe('the host policy', () => {
  test('reads the pinned agent and nothing else', () => {
    const { properties } = theResource(template, 'AWS::IAM::ManagedPolicy', () => true);

    const [statement, ...others] = statementsOf(properties.PolicyDocument);
    expect(others).toEqual([]);
    expect(statement?.actions).toEqual(['s3:GetObject']);
    expect(statement?.resources).toEqual([
      expect.stringMatching(/^arn:<Partition>:s3:::[^*]+\/[0-9a-f]{64}\.cjs$/),
    ]);
  });
});
