import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { Certferry, type CertferryProps } from '../../cdk/certferry.ts';
import { tasks } from '../../cdk/functions/tasks.ts';
import type { NotificationTopic } from '../../cdk/monitoring/notifications.ts';
import { setting } from '../../lambdas/runtime/environment.ts';
import { allowedTo, resourcesOf, roleOf, theFunction, theResource, variablesOf } from './resources.ts';
import { on, through } from './statements.ts';
import { anApp, someArtefacts, synthesize } from './synthesized.ts';

const template = synthesize();
describe('how long things are kept', () => {
  test('The retention of logs is configurable', () => {
    const kept = synthesize({ logRetention: RetentionDays.THREE_MONTHS });

    kept.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });

  test('The retention of the deployment history is set for the functions that write it', () => {
    const kept = synthesize({ historyRetentionDays: 30 });

    for (const name of ['record-outcome', 'release-lock']) {
      expect(setting('HISTORY_DAYS', variablesOf(kept, name) as Record<string, string>)).toBe(30);
    }
  });
});

describe('links in questions', () => {
  const linked = synthesize({ approvalLinks: true });

  test('Approval links lead to a function that is public, and that only exists for them', () => {
    expect(resourcesOf(template, 'AWS::Lambda::Url')).toEqual([]);
    linked.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'NONE' });
    expect(() => theFunction(template, 'decide-approval')).toThrow('0 of AWS::Lambda::Function');
  });

  test('Approval links are known to the function that asks', () => {
    const { id } = theResource(linked, 'AWS::Lambda::Url', () => true);

    expect(variablesOf(linked, 'ask-approval').APPROVAL_URL).toEqual({ 'Fn::GetAtt': [id, 'FunctionUrl'] });
    expect(variablesOf(template, 'ask-approval').APPROVAL_URL).toBeUndefined();
  });

  test('Approval links pass the checks of AWS Solutions', () => {
    expect(() => anApp({ approvalLinks: true }).app.synth()).not.toThrow();
  });
});

describe('what is brought along', () => {
  const made = (props: (stack: Stack) => CertferryProps) => {
    const stack = new Stack(new App(), 'Mine', {});
    new Certferry(stack, 'Certferry', { artefacts: someArtefacts(), runtime: 'host', ...props(stack) });
    return Template.fromStack(stack);
  };

  test('A key is used in place of one that is made, and lets logs and alarms use it', () => {
    const mine = made((stack) => ({ encryptionKey: new Key(stack, 'Mine') }));

    const { properties } = theResource(mine, 'AWS::KMS::Key', (one) => one.properties.KeyUsage === undefined);
    expect(properties.KeyPolicy.Statement.flatMap(({ Sid }: { Sid?: string }) => Sid ?? [])).toEqual([
      'Logs',
      'Alarms',
    ]);
  });

  test('An existing topic is used instead of a new one, and the subscribers are added to it', () => {
    const mine = made((stack) => ({
      notifications: { topic: new Topic(stack, 'Mine'), emails: ['ops@example.com'] },
    }));

    const { id } = theResource(mine, 'AWS::SNS::Topic', () => true);
    mine.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: id }] });
    mine.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
  });

  describe('a topic from elsewhere, encrypted with a key of its own,', () => {
    const topicArn = 'arn:aws:sns:eu-west-1:123456789012:ops';
    const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0123';

    test.each<[string, (stack: Stack) => NotificationTopic]>([
      [
        'that is said beside it',
        (stack) => ({
          topic: Topic.fromTopicArn(stack, 'Ops', topicArn),
          topicKey: Key.fromKeyArn(stack, 'OpsKey', keyArn),
        }),
      ],
      [
        'that it knows',
        (stack) => ({ topic: Topic.fromTopicAttributes(stack, 'Ops', { topicArn, keyArn }) }),
      ],
    ])(
      'A topic of another stack, encrypted with its own key, can be published to by functions that may use the key %s',
      (_, notifications) => {
        const mine = made((stack) => ({ notifications: notifications(stack) }));

        const allowed = allowedTo(mine, roleOf(theFunction(mine, 'end-rollout')));

        expect(allowed).toContainEqual(on(topicArn, ['sns:Publish']));
        expect(allowed).toContainEqual(on(keyArn, ['kms:Decrypt', 'kms:GenerateDataKey'], through('sns')));
      },
    );
  });

  test('A schedule takes the place of every six hours', () => {
    const schedules = (of: Template) =>
      resourcesOf(of, 'AWS::Events::Rule').flatMap(({ properties }) => properties.ScheduleExpression ?? []);

    expect(schedules(template)).toEqual(['rate(6 hours)']);
    expect(schedules(synthesize({ sweepSchedule: Duration.days(1) }))).toEqual(['rate(1 day)']);
    expect(schedules(synthesize({ sweepSchedule: false }))).toEqual([]);
  });
});

describe('regions and hosts of other kinds', () => {
  const architecturesOf = (from: Template): string[] => [
    ...new Set(
      resourcesOf(from, 'AWS::Lambda::Function').map(({ properties }) => String(properties.Architectures)),
    ),
  ];

  test('Every function of the stack has the architecture of the stack', () => {
    expect(architecturesOf(template)).toEqual(['arm64']);
    expect(architecturesOf(synthesize({ architecture: Architecture.X86_64, approvalLinks: true }))).toEqual([
      'x86_64',
    ]);
  });

  test('With fipsEndpoints, every function calls the FIPS endpoints of AWS', () => {
    const fips = synthesize({ fipsEndpoints: true });

    for (const name of Object.keys(tasks).filter((name) => name !== 'decide-approval')) {
      expect(variablesOf(fips, name)).toMatchObject({ AWS_USE_FIPS_ENDPOINT: 'true' });
      expect(variablesOf(template, name)).not.toHaveProperty('AWS_USE_FIPS_ENDPOINT');
    }
  });

  test('The stack attaches the host policy to the roles of hosts, e.g. that of Default Host Management Configuration', () => {
    const stack = new Stack(new App(), 'WithRoles');
    const name = 'AWSSystemsManagerDefaultEC2InstanceManagementRole';
    const hostRoles = [Role.fromRoleName(stack, 'Hosts', name)];
    new Certferry(stack, 'Certferry', { artefacts: someArtefacts(), runtime: 'host', hostRoles });

    const policy = (from: Template) =>
      theResource(from, 'AWS::IAM::ManagedPolicy', ({ id }) => id.includes('HostPolicy')).properties;
    expect(policy(Template.fromStack(stack)).Roles).toEqual([name]);
    expect(policy(template)).not.toHaveProperty('Roles');
  });
});
