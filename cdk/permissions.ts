import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { deployTargetName, documentName, tag } from './names.ts';

/** What a Lambda may be allowed besides reading and writing tables. */
export type Permission =
  | 'sendCommands'
  | 'readInvocations'
  | 'completeTasks'
  | 'describeExecutions'
  | 'readSecrets';

/** One permission: its statements, the variables its code reads, and why each wildcard in it has to be one. */
export interface Grant {
  readonly statements: readonly PolicyStatement[];
  readonly environment: Readonly<Record<string, string>>;
  readonly wildcards: Readonly<Record<string, string>>;
}

/** Which secrets hold bundles: the listed ARNs, or (when there are none) every secret with certferry's tag. */
export interface SecretAccess {
  readonly secretArns: readonly string[];
  /** Customer-managed keys those secrets are encrypted with. */
  readonly secretKeyArns: readonly string[];
}

/** CloudFormation does not tell a document's version number, and each update moves the default to what it wrote. */
const documentVariables = { DOCUMENT_NAME: documentName, DOCUMENT_VERSION: '$DEFAULT' };

/** Makes the grants for the stack that `scope` is in. */
export function grantsFor(scope: Construct, secrets: SecretAccess): Readonly<Record<Permission, Grant>> {
  return {
    sendCommands: sendCommands(scope),
    readInvocations: {
      statements: [statement({ actions: ['ssm:GetCommandInvocation'], resources: ['*'] })],
      environment: documentVariables,
      wildcards: { '*': 'ssm:GetCommandInvocation knows no resources.' },
    },
    completeTasks: {
      statements: [
        statement({ actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: ['*'] }),
      ],
      environment: {},
      wildcards: {
        '*': 'states:SendTaskSuccess and SendTaskFailure know no resources; the task token itself is the capability.',
      },
    },
    describeExecutions: describeExecutions(scope),
    readSecrets: readSecrets(scope, secrets),
  };
}

/** On this document, and on hosts with the tag: two statements, because a document has no such tag. */
function sendCommands(scope: Construct): Grant {
  const { partition, region, account } = Stack.of(scope);
  const actions = ['ssm:SendCommand'];
  const instances = `arn:${partition}:ec2:${region}:${account}:instance/*`;
  const managed = `arn:${partition}:ssm:${region}:${account}:managed-instance/*`;
  const reason = 'Hosts come and go; the condition on their tag decides which of them are within reach.';
  return {
    statements: [
      statement({
        actions,
        resources: [`arn:${partition}:ssm:${region}:${account}:document/${documentName}`],
      }),
      statement({
        actions,
        resources: [instances, managed],
        conditions: { StringEquals: { [`ssm:resourceTag/${tag.key}`]: tag.value } },
      }),
    ],
    environment: documentVariables,
    wildcards: {
      'arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*': reason,
      'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:managed-instance/*': reason,
    },
  };
}

/** Of this machine only; its ARN is formed from its name, since the machine itself depends on the functions. */
function describeExecutions(scope: Construct): Grant {
  const { partition, region, account } = Stack.of(scope);
  return {
    statements: [
      statement({
        actions: ['states:DescribeExecution'],
        resources: [`arn:${partition}:states:${region}:${account}:execution:${deployTargetName}:*`],
      }),
    ],
    environment: {},
    wildcards: {
      [`arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${deployTargetName}:*`]:
        'The owner of a lock may be any execution of this one state machine.',
    },
  };
}

function readSecrets(scope: Construct, { secretArns, secretKeyArns }: SecretAccess): Grant {
  const { partition, region, account } = Stack.of(scope);
  const actions = ['secretsmanager:GetSecretValue'];
  const tagged = statement({
    actions,
    resources: [`arn:${partition}:secretsmanager:${region}:${account}:secret:*`],
    conditions: { StringEquals: { [`secretsmanager:ResourceTag/${tag.key}`]: tag.value } },
  });
  const named = statement({ actions, resources: [...secretArns] });
  const keys = statement({
    actions: ['kms:Decrypt'],
    resources: [...secretKeyArns],
    conditions: via(scope, 'secretsmanager'),
  });
  return {
    statements: [secretArns.length > 0 ? named : tagged, ...(secretKeyArns.length > 0 ? [keys] : [])],
    environment: {},
    wildcards: {
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:*':
        'Which secrets hold bundles is said by their tag, which the condition asks for.',
    },
  };
}

/** The key may be used through this service only, not directly. */
export function via(scope: Construct, service: string): Record<string, Record<string, string>> {
  const { region, urlSuffix } = Stack.of(scope);
  return { StringEquals: { 'kms:ViaService': `${service}.${region}.${urlSuffix}` } };
}

function statement(props: PolicyStatementProps): PolicyStatement {
  return new PolicyStatement(props);
}
