import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { triggersFor } from '../../cdk/events/trigger-patterns.ts';
import { resourcesOf, textOf, theFunction, theResource } from './resources.ts';
import { someArtefacts, synthesize } from './synthesized.ts';

const template = synthesize();
const member = '222233334444';
const withMember = synthesize({ accounts: [member] });

const rulesOf = (from: Template) => resourcesOf(from, 'AWS::Events::Rule');
const rule = (name: string, from = template) =>
  theResource(from, 'AWS::Events::Rule', ({ id }) => id.includes(`Events${name}`)).properties;

describe('the rules', () => {
  test('The rules match ended commands of our document, and never the command event that carries parameters', () => {
    expect(rule('CommandEnded').EventPattern).toEqual({
      source: ['aws.ssm'],
      'detail-type': ['EC2 Command Invocation Status-change Notification'],
      detail: {
        'document-name': ['certferry-agent', 'certferry-probe'],
        status: [{ 'anything-but': ['Pending', 'InProgress', 'Delayed', 'Cancelling'] }],
      },
    });
  });

  test('The rules match deployments that ended without success, those in waves included, and no rollout', () => {
    const { stateMachineArn, status } = rule('ExecutionEnded').EventPattern.detail;
    const machine = 'arn:<Partition>:states:<Region>:<AccountId>:stateMachine';

    expect(status).toEqual(['FAILED', 'TIMED_OUT', 'ABORTED']);
    expect(stateMachineArn).toHaveLength(2);
    expect(textOf(stateMachineArn[0])).toBe(`${machine}:certferry-deploy-target`);
    expect(textOf(stateMachineArn[1].prefix)).toBe(`${machine}:certferry-rollout/DeployWave`);
  });

  test('The rules match every trigger on its own bus', () => {
    const buckets = [{ name: 'bundles', prefix: 'tls/' }];
    const triggered = rulesOf(synthesize({ sources: { buckets } })).filter(({ id }) =>
      id.includes('EventsAnnounced'),
    );

    const patterns = Object.values(triggersFor({ account: 'ours', buckets })).map(
      ({ pattern: { detailType, ...rest }, ownBus }) => ({
        pattern: { ...rest, 'detail-type': detailType },
        ownBus: ownBus === true,
      }),
    );
    const found = triggered.map(({ properties }) => ({
      pattern: JSON.parse(
        JSON.stringify(properties.EventPattern).replace('{"Ref":"AWS::AccountId"}', '"ours"'),
      ),
      ownBus: properties.EventBusName !== undefined,
    }));
    expect(found).toHaveLength(patterns.length);
    expect(found).toEqual(expect.arrayContaining(patterns));
  });

  test('The rules match a bucket of the same stack, whose name is not known yet', () => {
    const stack = new Stack(new App(), 'Mine', {});
    const { bucketName: name } = new Bucket(stack, 'Bundles');
    new Certferry(stack, 'Certferry', {
      artefacts: someArtefacts(),
      runtime: 'host',
      sources: { buckets: [{ name }] },
    });

    const sources = rulesOf(Template.fromStack(stack)).flatMap(
      ({ properties }) => properties.EventPattern?.source ?? [],
    );
    expect(sources).toContain('aws.s3');
  });

  test.each([
    ['CommandEnded', 'command-status'],
    ['ExecutionEnded', 'release-lock'],
    ['Announced', 'start-rollouts'],
    ['Sweep', 'sweep'],
  ])('%s start %s, are retried for a day, and leave in a queue what was never taken', (name, task) => {
    const queue = theResource(template, 'AWS::SQS::Queue', ({ id }) => id.includes(name));
    const lambda = theFunction(template, task);
    const rules = rulesOf(template).filter(({ id }) => id.includes(`Events${name}`));

    expect(rules.length).toBeGreaterThan(0);
    for (const { properties } of rules) {
      expect(properties.Targets).toEqual([
        {
          Id: 'Target0',
          Arn: { 'Fn::GetAtt': [lambda.id, 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queue.id, 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ]);
    }
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: lambda.id },
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue.id, 'Arn'] } } },
    });
    expect(queue.properties.SqsManagedSseEnabled).toBe(true);
  });

  test('The rules put into their queues over TLS only', () => {
    for (const { properties } of resourcesOf(template, 'AWS::SQS::QueuePolicy')) {
      expect(properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });
});

describe('member accounts', () => {
  test('Member accounts may send events to our bus, and without member accounts no other account may', () => {
    const { properties } = theResource(withMember, 'AWS::Events::EventBusPolicy', () => true);

    expect(resourcesOf(template, 'AWS::Events::EventBusPolicy')).toEqual([]);
    expect(properties.Statement).toMatchObject({ Effect: 'Allow', Action: 'events:PutEvents' });
    expect(textOf(properties.Statement.Principal.AWS)).toBe(`arn:<Partition>:iam::${member}:root`);
  });

  test('Member accounts are heard of when a command has ended there', () => {
    const here = rule('CommandEndedHere', withMember);
    const there = rule('CommandEndedMembers', withMember);

    expect(there.EventPattern).toEqual({ ...here.EventPattern, account: [member] });
    expect(there.EventBusName).toBeDefined();
    expect(there.Targets).toEqual(here.Targets);
  });

  test.each(['InstanceLaunched', 'InstanceStarted', 'InstanceTagged'])(
    'Events of member accounts start the same function as those of the stack: %s',
    (name) => {
      const here = rule(`Announced${name}`, withMember);
      const there = rule(`AnnouncedMembers${name}`, withMember);

      expect(there.EventPattern).toEqual({ ...here.EventPattern, account: [member] });
      expect(there.EventBusName).toBeDefined();
      expect(there.Targets).toEqual(here.Targets);
    },
  );
});
