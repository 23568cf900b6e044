import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { commandEnded } from '../../cdk/events/command-events.ts';
import { instanceTriggers } from '../../cdk/events/trigger-patterns.ts';
import type { CertferryMemberProps } from '../../cdk/member.ts';
import { testKey } from '../fixtures/signed-jobs.ts';
import { allowedTo, resourcesOf, textOf, theResource } from './resources.ts';
import { aMemberApp, synthesize } from './synthesized.ts';

function aMember(props: Partial<CertferryMemberProps> = {}): Template {
  return Template.fromStack(aMemberApp(props).stack);
}

const template = aMember();
const runner = theResource(
  template,
  'AWS::IAM::Role',
  ({ properties }) => properties.RoleName === 'certferry-runner',
);

describe('a member account', () => {
  test.each([
    ['for any account', undefined],
    ['for one account and region', { account: '222233334444', region: 'eu-west-1' }],
  ])('A member account passes the checks of AWS Solutions, synthesized %s', (_, env) => {
    expect(() => aMemberApp({}, env).app.synth()).not.toThrow();
  });

  test('A member account has the same documents as the main account, with the keys that were copied from it', () => {
    const here = resourcesOf(template, 'AWS::SSM::Document');
    const there = resourcesOf(synthesize(), 'AWS::SSM::Document');
    const lines = (document: (typeof here)[number]): string[] =>
      document.properties.Content.mainSteps[0].inputs.runCommand.map(textOf);
    const keys = /^CERTFERRY_JOB_KEYS=/;

    expect(here.map(({ properties }) => properties.Name)).toEqual([
      'certferry-agent',
      'certferry-store-agent',
      'certferry-probe',
      'certferry-check-host',
    ]);
    expect(here.map((one) => lines(one).find((line) => keys.test(line)))).toEqual([
      `CERTFERRY_JOB_KEYS='${testKey.publicKeys}'`,
      `CERTFERRY_JOB_KEYS='${testKey.publicKeys}'`,
      "CERTFERRY_JOB_KEYS=''",
      undefined,
    ]);
    for (const [at, one] of here.entries()) {
      const other = there[at];
      expect(lines(one).filter((line) => !keys.test(line))).toEqual(
        other && lines(other).filter((line) => !keys.test(line)),
      );
    }
  });

  test('A member account is not synthesized with a text that contains no keys', () => {
    expect(() => aMember({ jobKeys: 'see the output' })).toThrow(
      /jobKeys: it contains no keys\. Copy the output/,
    );
  });

  test('A member account admits only the functions of the main account, by the path of their roles', () => {
    const { Statement } = runner.properties.AssumeRolePolicyDocument;

    expect(Statement).toHaveLength(1);
    expect(Statement[0].Action).toBe('sts:AssumeRole');
    expect(textOf(Statement[0].Principal.AWS)).toBe('arn:<Partition>:iam::111122223333:root');
    expect(textOf(Statement[0].Condition.ArnLike['aws:PrincipalArn'])).toBe(
      'arn:<Partition>:iam::111122223333:role/certferry/*',
    );
  });

  test('A member account lets them find hosts, send the three documents to tagged ones, and see how that ended', () => {
    const found = allowedTo(template, runner.id);

    expect(found).toEqual([
      {
        actions: ['ssm:SendCommand'],
        resources: [
          'arn:<Partition>:ssm:*:<AccountId>:document/certferry-agent',
          'arn:<Partition>:ssm:*:<AccountId>:document/certferry-probe',
          'arn:<Partition>:ssm:*:<AccountId>:document/certferry-store-agent',
        ],
        condition: null,
      },
      {
        actions: ['ssm:SendCommand'],
        resources: [
          'arn:<Partition>:ec2:*:<AccountId>:instance/*',
          'arn:<Partition>:ssm:*:<AccountId>:managed-instance/*',
        ],
        condition: { StringEquals: { 'ssm:resourceTag/certferry': 'true' } },
      },
      {
        actions: [
          'autoscaling:DescribeAutoScalingGroups',
          'ec2:DescribeInstances',
          'ssm:DescribeInstanceInformation',
        ],
        resources: ['*'],
        condition: null,
      },
      { actions: ['ssm:GetCommandInvocation'], resources: ['*'], condition: null },
    ]);
  });

  test.each([
    ['ended commands', 'CommandEnded', commandEnded.detailType],
    ['instances of a group', 'InstanceLaunched', instanceTriggers.InstanceLaunched?.pattern.detailType],
    ['started instances', 'InstanceStarted', instanceTriggers.InstanceStarted?.pattern.detailType],
    ['changed tags', 'InstanceTagged', instanceTriggers.InstanceTagged?.pattern.detailType],
  ])(
    'A member account sends %s to the bus of the main account, and may send to no other bus',
    (_, name, detailType) => {
      const { properties } = theResource(template, 'AWS::Events::Rule', ({ id }) => id.includes(name));
      const bus = 'arn:<Partition>:events:eu-central-1:111122223333:event-bus/certferry';

      expect(properties.EventPattern['detail-type']).toEqual(detailType);
      expect(textOf(properties.Targets[0].Arn)).toBe(bus);
      const [forwarder] = properties.Targets[0].RoleArn['Fn::GetAtt'];
      expect(allowedTo(template, forwarder)).toEqual([
        { actions: ['events:PutEvents'], resources: [bus], condition: null },
      ]);
    },
  );

  test('A member account keeps what that bus does not take in a queue, which an alarm watches', () => {
    const queue = theResource(template, 'AWS::SQS::Queue', () => true);
    const [alarm] = resourcesOf(template, 'AWS::CloudWatch::Alarm');

    for (const { properties } of resourcesOf(template, 'AWS::Events::Rule')) {
      expect(properties.Targets[0].DeadLetterConfig).toEqual({ Arn: { 'Fn::GetAtt': [queue.id, 'Arn'] } });
    }
    expect(JSON.stringify(alarm?.properties)).toContain(queue.id);
  });

  test('A member account has no second role where another region of it has made it', () => {
    const second = aMember({ createRole: false });

    expect(
      resourcesOf(second, 'AWS::IAM::Role').filter(({ properties }) => properties.RoleName !== undefined),
    ).toEqual([]);
    second.resourceCountIs('AWS::Events::Rule', 4);
  });
});
