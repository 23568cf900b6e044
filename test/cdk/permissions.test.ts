import { describe, expect, test } from 'vitest';
import { allowedTo, resourcesOf, roleOf, type Statement, theFunction } from './resources.ts';
import {
  commanding,
  completeTasks,
  deployments,
  describeExecutions,
  describeRollouts,
  findAndComplete,
  findHosts,
  here,
  keepFiles,
  keyThroughDynamoDb,
  locks,
  notifyOperators,
  on,
  readFiles,
  readSources,
  registry,
  sendJobs,
  sendProbes,
  signJobs,
  startRollouts,
  startRuns,
  undelivered,
  useDataKeys,
  writesRegistry,
} from './statements.ts';
import { synthesize } from './synthesized.ts';

const template = synthesize({ approvalLinks: true });
const writesRollout = writesRegistry(['UpdateItem'], 'rollout#*');

/** Everything each Lambda may do beside writing its own log. */
const allowed: Readonly<Record<string, Statement[]>> = {
  'acquire-lock': [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry('BatchGetItem'),
    writesRegistry(['PutItem'], 'target#*'),
    keyThroughDynamoDb,
    describeExecutions,
  ],
  'push-bundle': [
    ...commanding(['BatchGetItem', 'GetItem', 'Query'], ['DeleteItem', 'PutItem'], 'host#*', 'kept#*'),
    deployments('Query'),
    ...sendJobs,
    signJobs,
    startRuns,
    ...readSources,
    useDataKeys('kms:Decrypt', 'kms:GenerateDataKey'),
  ],
  'reconcile-command': [
    ...commanding(['BatchGetItem', 'GetItem', 'Query']),
    ...sendJobs,
    signJobs,
    startRuns,
    useDataKeys('kms:Decrypt'),
  ],
  'probe-endpoint': [],
  'probe-from-host': [...commanding(), ...sendProbes, startRuns],
  'roll-back': [
    ...commanding(['BatchGetItem', 'GetItem', 'Query']),
    ...sendJobs,
    signJobs,
    startRuns,
    useDataKeys('kms:Decrypt'),
  ],
  'run-on-deployed': [...commanding(), ...sendJobs, signJobs],
  'probe-restored': [],
  'record-outcome': [
    locks('GetItem', 'UpdateItem'),
    writesRegistry(['UpdateItem'], 'target#*', 'rollout#*'),
    deployments('PutItem', 'Query'),
    keyThroughDynamoDb,
    ...notifyOperators,
  ],
  'command-status': [
    locks('GetItem', 'UpdateItem'),
    registry('BatchGetItem', 'GetItem'),
    writesRegistry(['PutItem'], 'host#*'),
    keyThroughDynamoDb,
    findAndComplete,
    ...notifyOperators,
    undelivered('CommandEnded'),
  ],
  'run-agent': [
    locks('GetItem', 'UpdateItem'),
    registry('ConditionCheckItem', 'GetItem', 'Query'),
    writesRegistry(['DeleteItem', 'PutItem', 'UpdateItem'], 'agent#*', 'kept#*'),
    keyThroughDynamoDb,
    on('*', completeTasks),
    ...readSources,
    useDataKeys('kms:Decrypt', 'kms:GenerateDataKey'),
  ],
  'release-lock': [
    locks('GetItem', 'UpdateItem'),
    writesRegistry(['UpdateItem'], 'target#*', 'rollout#*'),
    deployments('PutItem', 'Query'),
    keyThroughDynamoDb,
    describeExecutions,
    undelivered('ExecutionEnded'),
  ],
  'resolve-certificate': [
    registry('BatchGetItem', 'ConditionCheckItem', 'GetItem', 'Query'),
    writesRegistry(['PutItem'], 'certificate#*', 'rollout#*', 'rollouts', 'rollouts#*'),
    keyThroughDynamoDb,
    ...readSources,
    describeRollouts,
  ],
  'next-wave': [
    // for the pace of warm commands: it holds no lock
    locks('UpdateItem'),
    registry('BatchGetItem', 'GetItem', 'Query'),
    writesRegistry(['UpdateItem'], 'host#*', 'rollout#*'),
    keyThroughDynamoDb,
    on('*', [...findHosts.actions, 'ssm:GetCommandInvocation']),
    ...sendProbes,
    ...keepFiles,
    ...notifyOperators,
  ],
  'judge-wave': [registry('BatchGetItem'), keyThroughDynamoDb, ...keepFiles],
  'probe-services': notifyOperators,
  'ask-approval': [writesRollout, keyThroughDynamoDb, ...notifyOperators],
  'decide-approval': [
    registry('BatchGetItem', 'GetItem'),
    writesRollout,
    keyThroughDynamoDb,
    on('*', ['states:SendTaskSuccess']),
  ],
  'halt-rollout': [registry('BatchGetItem'), writesRollout, keyThroughDynamoDb, ...notifyOperators],
  'end-rollout': [
    registry('BatchGetItem', 'GetItem'),
    startRollouts,
    writesRegistry(['UpdateItem'], 'certificate#*', 'rollout#*'),
    keyThroughDynamoDb,
    ...readFiles,
    ...notifyOperators,
  ],
  'start-rollouts': [
    registry('BatchGetItem', 'GetItem', 'Query'),
    keyThroughDynamoDb,
    startRollouts,
    on('*', ['ec2:DescribeInstances']),
    undelivered('Announced'),
  ],
  sweep: [
    // for the pace of commands and for runs: it holds no lock
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry('BatchGetItem', 'GetItem', 'Query'),
    writesRegistry(['PutItem'], 'sweep'),
    keyThroughDynamoDb,
    ...sendProbes,
    startRuns,
    on('*', [...findHosts.actions, 'ssm:GetCommandInvocation']),
    startRollouts,
    describeRollouts,
    undelivered('Sweep'),
  ],
  'find-hosts': [registry('BatchGetItem'), keyThroughDynamoDb, findHosts],
  'warm-hosts': [
    locks('UpdateItem'),
    writesRegistry(['UpdateItem'], 'host#*'),
    keyThroughDynamoDb,
    on('*', [...findHosts.actions, 'ssm:GetCommandInvocation']),
    ...sendProbes,
  ],
  'sync-registry': [
    registry('BatchGetItem', 'GetItem', 'Query'),
    writesRegistry(
      ['DeleteItem', 'PutItem'],
      'certificate#*',
      'certificates',
      'group#*',
      'source#*',
      'target#*',
      'targets',
    ),
    keyThroughDynamoDb,
  ],
  'read-job-keys': [on('SigningKey1.Arn', ['kms:GetPublicKey'])],
  'complete-stack': [
    on(
      ['agent', 'check-host', 'probe', 'store-agent'].map(
        (name) => `arn:<Partition>:ssm:${here}:document/certferry-${name}`,
      ),
      ['ssm:GetDocument', 'ssm:ListDocumentVersions', 'ssm:UpdateDocumentDefaultVersion'],
    ),
    on(
      ['TablesDeployments.Arn', 'TablesLocks.Arn', 'TablesRegistry.Arn'],
      ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'],
    ),
    on('<StackId>', ['cloudformation:DescribeStacks']),
  ],
};

const sorted = (statements: Statement[]): string[] => statements.map((one) => JSON.stringify(one)).sort();

describe('each Lambda', () => {
  test('Each Lambda is known to this table', () => {
    const names = resourcesOf(template, 'AWS::Lambda::Function').map(
      ({ properties }) => properties.FunctionName,
    );

    expect(names.sort()).toEqual(
      Object.keys(allowed)
        .map((name) => `certferry-${name}`)
        .sort(),
    );
  });

  test.each(Object.entries(allowed))(
    '%s may do exactly what it needs, on exactly what it needs',
    (name, expected) => {
      const ownLog = `Functions${pascal(name)}Logs.Arn`;

      const found = allowedTo(template, roleOf(theFunction(template, name)));

      expect(sorted(found)).toEqual(
        sorted([on(ownLog, ['logs:CreateLogStream', 'logs:PutLogEvents']), ...expected]),
      );
    },
  );

  test('Each Lambda has a role of its own, without managed policies, for Lambda alone', () => {
    const roles = Object.keys(allowed).map((name) => roleOf(theFunction(template, name)));

    expect(new Set(roles).size).toBe(roles.length);
    for (const role of resourcesOf(template, 'AWS::IAM::Role').filter(({ id }) => roles.includes(id))) {
      expect(role.properties.ManagedPolicyArns).toBeUndefined();
      expect(role.properties.Path).toBe('/certferry/');
      expect(role.properties.AssumeRolePolicyDocument.Statement).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ]);
    }
  });
});

describe('a wildcard', () => {
  /** Where no narrower resource exists, or a condition narrows it. */
  const reasoned = new Set([
    ...[...sendJobs, describeExecutions, ...readSources, ...keepFiles].flatMap(({ resources }) => resources),
    ...['certferry-rollout', 'certferry-rollout/DeployWave'].map(
      (name) => `arn:<Partition>:states:${here}:execution:${name}:*`,
    ),
  ]);

  test('A wildcard as a whole resource stands only for actions that know no resources', () => {
    const whole = allStatements().filter(({ resources }) => resources.includes('*'));

    expect(new Set(whole.flatMap(({ actions }) => actions))).toEqual(
      new Set([
        'autoscaling:DescribeAutoScalingGroups',
        'ec2:DescribeInstances',
        'ssm:DescribeInstanceInformation',
        'ssm:GetCommandInvocation',
        'states:SendTaskSuccess',
        'states:SendTaskFailure',
        'logs:CreateLogDelivery',
        'logs:GetLogDelivery',
        'logs:UpdateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:DescribeLogGroups',
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ]),
    );
  });

  test('A wildcard in a resource is one of those with a reason, and no action has one', () => {
    const statements = allStatements();

    const partial = statements
      .flatMap(({ resources }) => resources)
      .filter((resource) => /.\*/.test(resource));
    expect(partial.filter((resource) => !reasoned.has(resource))).toEqual([]);
    expect(statements.flatMap(({ actions }) => actions).filter((action) => action.includes('*'))).toEqual([]);
  });

  function allStatements(): Statement[] {
    return resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id }) => allowedTo(template, id));
  }
});

function pascal(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
