import type { Statement } from './resources.ts';

// What roles are allowed, in the words of the tests.
export const here = '<Region>:<AccountId>';

export const locks = (...actions: string[]) =>
  on(
    'TablesLocks.Arn',
    actions.map((action) => `dynamodb:${action}`),
  );
export const registry = (...actions: string[]) =>
  on(
    'TablesRegistry.Arn',
    actions.map((action) => `dynamodb:${action}`),
  );
/** Writes to partitions of the registry with these patterns only. */
export const writesRegistry = (actions: string[], ...partitions: string[]) =>
  on(
    'TablesRegistry.Arn',
    actions.map((action) => `dynamodb:${action}`),
    {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  );
export const deployments = (...actions: string[]) =>
  on(
    'TablesDeployments.Arn',
    actions.map((action) => `dynamodb:${action}`),
  );

export function on(resources: string | string[], actions: string[], condition: unknown = null): Statement {
  return { actions: [...actions].sort(), resources: [resources].flat(), condition };
}

/** As `kms:ViaService` is written for a service of this region. */
export const through = (service: string) => ({
  StringEquals: {
    'kms:ViaService': {
      'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
    },
  },
});
export const keyThroughDynamoDb = on(
  'Key.Arn',
  ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
  through('dynamodb'),
);
const sendCommands = (...documents: string[]) => [
  on(
    documents.map((document) => `arn:<Partition>:ssm:${here}:document/${document}`),
    ['ssm:SendCommand'],
  ),
  on(
    [`arn:<Partition>:ec2:${here}:instance/*`, `arn:<Partition>:ssm:${here}:managed-instance/*`],
    ['ssm:SendCommand'],
    { StringEquals: { 'ssm:resourceTag/certferry': 'true' } },
  ),
];
export const sendJobs = sendCommands('certferry-agent', 'certferry-store-agent');
export const startRuns = on(`arn:<Partition>:lambda:${here}:function:certferry-run-agent`, [
  'lambda:InvokeFunction',
]);
export const sendProbes = sendCommands('certferry-probe');
export const signJobs = on('SigningKey1.Arn', ['kms:Sign']);
// none knows resources
export const completeTasks = ['states:SendTaskFailure', 'states:SendTaskSuccess'];
const describeHosts = [
  'autoscaling:DescribeAutoScalingGroups',
  'ec2:DescribeInstances',
  'ssm:DescribeInstanceInformation',
];
export const findHosts = on('*', describeHosts);
/** Reads results of commands and completes states with them, or finds that a host is gone. */
export const findAndComplete = on('*', [...describeHosts, 'ssm:GetCommandInvocation', ...completeTasks]);
export const describeExecutions = on(
  [
    `arn:<Partition>:states:${here}:execution:certferry-deploy-target:*`,
    `arn:<Partition>:states:${here}:execution:certferry-rollout/DeployWave:*`,
  ],
  ['states:DescribeExecution'],
);
export const describeRollouts = on(`arn:<Partition>:states:${here}:execution:certferry-rollout:*`, [
  'states:DescribeExecution',
]);
export const startRollouts = on(`arn:<Partition>:states:${here}:stateMachine:certferry-rollout`, [
  'states:StartExecution',
]);
export const readSources = [
  on(`arn:<Partition>:secretsmanager:${here}:secret:*`, ['secretsmanager:GetSecretValue'], {
    StringEquals: { 'secretsmanager:ResourceTag/certferry': 'true' },
  }),
  on(`arn:<Partition>:acm:${here}:certificate/*`, ['acm:ExportCertificate'], {
    StringEquals: { 'aws:ResourceTag/certferry': 'true' },
  }),
  on(`arn:<Partition>:ssm:${here}:parameter/*`, ['ssm:GetParameter'], {
    StringEquals: { 'ssm:resourceTag/certferry': 'true' },
  }),
];
const listFiles = on('Work.Arn', ['s3:ListBucket']);
export const readFiles = [
  on('Work.Arn/rollouts/*', ['s3:GetObject']),
  listFiles,
  on('Key.Arn', ['kms:Decrypt'], through('s3')),
];
export const keepFiles = [
  on('Work.Arn/rollouts/*', ['s3:GetObject', 's3:PutObject']),
  listFiles,
  on('Key.Arn', ['kms:Decrypt', 'kms:GenerateDataKey'], through('s3')),
];
export const notifyOperators = [
  on('NotificationsTopic', ['sns:Publish']),
  on('Key.Arn', ['kms:Decrypt', 'kms:GenerateDataKey'], through('sns')),
];
export const undelivered = (source: string): Statement =>
  on(`Events${source}Undelivered.Arn`, ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl']);

/** The data keys of kept copies, each bound to a target. */
export const useDataKeys = (...actions: string[]) =>
  on('Key.Arn', actions, { Null: { 'kms:EncryptionContext:certferry:target': 'false' } });

export function commanding(
  reads: string[] = ['BatchGetItem', 'GetItem'],
  writes: string[] = ['PutItem'],
  ...partitions: string[]
): Statement[] {
  return [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry(...reads),
    writesRegistry(writes, ...(partitions.length === 0 ? ['host#*'] : partitions)),
    keyThroughDynamoDb,
    ...notifyOperators,
    findAndComplete,
  ];
}
