import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { documentName, probeDocumentName, runnerRoleName, storeDocumentName, tag } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** CloudFormation does not return the version number of a document. Each update changes the default version. */
const documentVariables = { DOCUMENT_NAME: documentName, DOCUMENT_VERSION: '$DEFAULT' };

/** Sends signed jobs. */
export const sendJobs = (scope: Construct): Grant => ({
  ...sendCommands(scope, [documentName, storeDocumentName]),
  environment: { ...documentVariables, STORE_DOCUMENT_NAME: storeDocumentName },
});

/** Sends probes, with the document that can do nothing else. */
export const sendProbes = (scope: Construct): Grant => ({
  ...sendCommands(scope, [probeDocumentName]),
  environment: {
    PROBE_DOCUMENT_NAME: probeDocumentName,
    DOCUMENT_VERSION: documentVariables.DOCUMENT_VERSION,
  },
});

/** Sends both from another account, for hosts in any region of this account. A job without a signature is refused by the agent. */
export const sendFromMainAccount = (scope: Construct): Grant =>
  sendCommands(scope, [documentName, storeDocumentName, probeDocumentName], true);

/** Sends commands with these documents to hosts with the tag. Two statements, because documents do not have the tag. */
function sendCommands(scope: Construct, documentNames: readonly string[], everywhere = false): Grant {
  const actions = ['ssm:SendCommand'];
  const documents = documentNames.map((name) => localArn(scope, 'ssm', `document/${name}`, everywhere));
  const hosts = [
    localArn(scope, 'ec2', 'instance/*', everywhere),
    localArn(scope, 'ssm', 'managed-instance/*', everywhere),
  ];
  const reason = 'Hosts are created and replaced at any time. The condition requires the tag of certferry.';
  return {
    statements: [
      new PolicyStatement({ actions, resources: documents.map(({ arn }) => arn) }),
      new PolicyStatement({
        actions,
        resources: hosts.map(({ arn }) => arn),
        conditions: { StringEquals: { [`ssm:resourceTag/${tag.key}`]: tag.value } },
      }),
    ],
    environment: {},
    wildcards: Object.fromEntries([
      ...hosts.map(({ shown }) => [shown, reason]),
      ...documents.flatMap(({ shown }) =>
        everywhere ? [[shown, 'One role serves all regions of its account.']] : [],
      ),
    ]),
  };
}

/** Reads the result of a command on a host. */
export const readInvocations = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['ssm:GetCommandInvocation'], resources: ['*'] })],
  environment: documentVariables,
  wildcards: { '*': 'ssm:GetCommandInvocation supports no resource-level permissions.' },
});

/** Reads the tags of an instance. */
export const readInstances = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] })],
  environment: {},
  wildcards: { '*': 'ec2:DescribeInstances supports no resource-level permissions.' },
});

/** Finds the hosts with certain tags or of an Auto Scaling group, with their addresses, and whether they are online or gone. */
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
