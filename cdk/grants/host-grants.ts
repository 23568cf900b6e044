import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { documentName, runnerRoleName, tag } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** CloudFormation does not tell a document's version number, and each update moves the default to what it wrote. */
const documentVariables = { DOCUMENT_NAME: documentName, DOCUMENT_VERSION: '$DEFAULT' };

/**
 * On this document, and on hosts with the tag: two statements, because a document has no such tag. `everywhere`: in all
 * regions of the account.
 */
export function sendCommands(scope: Construct, everywhere = false): Grant {
  const actions = ['ssm:SendCommand'];
  const document = localArn(scope, 'ssm', `document/${documentName}`, everywhere);
  const hosts = [
    localArn(scope, 'ec2', 'instance/*', everywhere),
    localArn(scope, 'ssm', 'managed-instance/*', everywhere),
  ];
  const reason = 'Hosts come and go; the condition on their tag decides which of them are within reach.';
  return {
    statements: [
      new PolicyStatement({ actions, resources: [document.arn] }),
      new PolicyStatement({
        actions,
        resources: hosts.map(({ arn }) => arn),
        conditions: { StringEquals: { [`ssm:resourceTag/${tag.key}`]: tag.value } },
      }),
    ],
    environment: documentVariables,
    wildcards: Object.fromEntries([
      ...hosts.map(({ shown }) => [shown, reason]),
      ...(everywhere ? [[document.shown, 'The role is one for all regions of its account.']] : []),
    ]),
  };
}

/** How a command ended on a host. */
export const readInvocations = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['ssm:GetCommandInvocation'], resources: ['*'] })],
  environment: documentVariables,
  wildcards: { '*': 'ssm:GetCommandInvocation knows no resources.' },
});

/** Whether SSM hears from a host now. */
export const askWhetherOnline = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['ssm:DescribeInstanceInformation'], resources: ['*'] })],
  environment: {},
  wildcards: { '*': 'ssm:DescribeInstanceInformation knows no resources.' },
});

/** Which hosts a tag query or an Auto Scaling group stands for, and at what address. */
export const findHosts = (): Grant => ({
  statements: [
    new PolicyStatement({
      actions: [
        'autoscaling:DescribeAutoScalingGroups',
        'ec2:DescribeInstances',
        'ssm:DescribeInstanceInformation',
      ],
      resources: ['*'],
    }),
  ],
  environment: {},
  wildcards: { '*': 'The Describe calls of EC2, Auto Scaling and SSM know no resources.' },
});

/** Acts on hosts of the member accounts, as their role for it. Nothing where there are none. */
export function assumeRunners(scope: Construct, accounts: readonly string[]): Grant {
  const { partition } = Stack.of(scope);
  const resources = accounts.map((account) => `arn:${partition}:iam::${account}:role/${runnerRoleName}`);
  return {
    statements:
      resources.length === 0 ? [] : [new PolicyStatement({ actions: ['sts:AssumeRole'], resources })],
    environment: {},
    wildcards: {},
  };
}
