import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { documentName, runnerRoleName, tag } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** CloudFormation does not return the version number of a document. Each update changes the default version. */
const documentVariables = { DOCUMENT_NAME: documentName, DOCUMENT_VERSION: '$DEFAULT' };

/**
 * Sends commands with this document to hosts with the tag. Two statements, because the document does not have the tag.
 * `everywhere` includes all regions of the account.
 */
export function sendCommands(scope: Construct, everywhere = false): Grant {
  const actions = ['ssm:SendCommand'];
  const document = localArn(scope, 'ssm', `document/${documentName}`, everywhere);
  const hosts = [
    localArn(scope, 'ec2', 'instance/*', everywhere),
    localArn(scope, 'ssm', 'managed-instance/*', everywhere),
  ];
  const reason = 'Hosts are created and replaced at any time. The condition requires the tag of certferry.';
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
      ...(everywhere ? [[document.shown, 'One role serves all regions of its account.']] : []),
    ]),
  };
}

/** Reads the result of a command on a host. */
export const readInvocations = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['ssm:GetCommandInvocation'], resources: ['*'] })],
  environment: documentVariables,
  wildcards: { '*': 'ssm:GetCommandInvocation supports no resource-level permissions.' },
});

/** Reads whether a host is online in SSM. */
export const readPingStatus = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['ssm:DescribeInstanceInformation'], resources: ['*'] })],
  environment: {},
  wildcards: { '*': 'ssm:DescribeInstanceInformation supports no resource-level permissions.' },
});

/** Finds the hosts with certain tags or of an Auto Scaling group, with their addresses. */
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
  wildcards: {
    '*': 'The Describe calls of EC2, Auto Scaling and SSM support no resource-level permissions.',
  },
});

/** Assumes the runner role of each member account. Empty without member accounts. */
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
