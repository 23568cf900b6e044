import { describe, expect, test } from 'vitest';
import { allowedTo, resourcesOf, roleOf, type Statement, theFunction } from './resources.ts';
import { synthesize } from './synthesized.ts';

const template = synthesize();
const here = '<Region>:<AccountId>';

const locks = (...actions: string[]) =>
  on(
    'TablesLocks.Arn',
    actions.map((action) => `dynamodb:${action}`),
  );
const registry = (...actions: string[]) =>
  on(
    'TablesRegistry.Arn',
    actions.map((action) => `dynamodb:${action}`),
  );
const deployments = (...actions: string[]) =>
  on(
    'TablesDeployments.Arn',
    actions.map((action) => `dynamodb:${action}`),
  );

function on(resources: string | string[], actions: string[], condition: unknown = null): Statement {
  return { actions: [...actions].sort(), resources: [resources].flat(), condition };
}

const keyThroughDynamoDb = on(
  'Key.Arn',
  ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
  {
    StringEquals: {
      'kms:ViaService': {
        'Fn::Join': ['', ['dynamodb.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
      },
    },
  },
);
const sendCommands = [
  on(`arn:<Partition>:ssm:${here}:document/certferry-agent`, ['ssm:SendCommand']),
  on(
    [`arn:<Partition>:ec2:${here}:instance/*`, `arn:<Partition>:ssm:${here}:managed-instance/*`],
    ['ssm:SendCommand'],
    { StringEquals: { 'ssm:resourceTag/certferry': 'true' } },
  ),
];
// neither knows resources
const lookAndComplete = [
  on('*', ['ssm:GetCommandInvocation', 'states:SendTaskFailure', 'states:SendTaskSuccess']),
];
const describeExecutions = on(`arn:<Partition>:states:${here}:execution:certferry-deploy-target:*`, [
  'states:DescribeExecution',
]);
const readSecrets = on(`arn:<Partition>:secretsmanager:${here}:secret:*`, ['secretsmanager:GetSecretValue'], {
  StringEquals: { 'secretsmanager:ResourceTag/certferry': 'true' },
});
const undelivered = (rule: string): Statement =>
  on(`Events${rule}Undelivered.Arn`, ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl']);

/** Everything each Lambda may do beside writing its own log. */
const allowed: Readonly<Record<string, Statement[]>> = {
  'acquire-lock': [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry('PutItem'),
    keyThroughDynamoDb,
    describeExecutions,
  ],
  'push-bundle': [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry('GetItem', 'PutItem'),
    keyThroughDynamoDb,
    ...sendCommands,
    ...lookAndComplete,
    readSecrets,
  ],
  'reconcile-command': commanding(),
  'probe-endpoint': [],
  'probe-from-host': commanding(),
  'roll-back': commanding(),
  'probe-restored': [],
  'record-outcome': [locks('GetItem', 'UpdateItem'), deployments('PutItem', 'Query'), keyThroughDynamoDb],
  'command-status': [
    locks('GetItem', 'UpdateItem'),
    registry('PutItem'),
    keyThroughDynamoDb,
    ...lookAndComplete,
    undelivered('CommandEnded'),
  ],
  'release-lock': [
    locks('GetItem', 'UpdateItem'),
    deployments('PutItem', 'Query'),
    keyThroughDynamoDb,
    describeExecutions,
    undelivered('ExecutionEnded'),
  ],
};

function commanding(): Statement[] {
  return [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry('PutItem'),
    keyThroughDynamoDb,
    ...sendCommands,
    ...lookAndComplete,
  ];
}

const sorted = (statements: Statement[]): string[] => statements.map((one) => JSON.stringify(one)).sort();

describe('each Lambda', () => {
  test('is known to this table', () => {
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

  test('has a role of its own, without managed policies, for Lambda alone', () => {
    const roles = Object.keys(allowed).map((name) => roleOf(theFunction(template, name)));

    expect(new Set(roles).size).toBe(roles.length);
    for (const role of resourcesOf(template, 'AWS::IAM::Role').filter(({ id }) => roles.includes(id))) {
      expect(role.properties.ManagedPolicyArns).toBeUndefined();
      expect(role.properties.AssumeRolePolicyDocument.Statement).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ]);
    }
  });
});

describe('a wildcard', () => {
  /** Where no narrower resource exists, or a condition narrows it. */
  const reasoned = new Set([
    ...[...sendCommands, describeExecutions, readSecrets].flatMap(({ resources }) => resources),
  ]);

  test('as a whole resource stands only for actions that know no resources', () => {
    const whole = allStatements().filter(({ resources }) => resources.includes('*'));

    expect(new Set(whole.flatMap(({ actions }) => actions))).toEqual(
      new Set([
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

  test('in a resource is one of those with a reason, and no action has one', () => {
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

describe('secrets', () => {
  test('that are named are the only ones that may be read, decrypted by the named keys', () => {
    const secret = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:web-AbCdEf';
    const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const named = synthesize({ secretArns: [secret], secretKeyArns: [key] });

    const found = allowedTo(named, roleOf(theFunction(named, 'push-bundle')));

    expect(found).toContainEqual(on(secret, ['secretsmanager:GetSecretValue']));
    expect(found.filter(({ resources }) => resources.includes(key))).toEqual([
      expect.objectContaining({ actions: ['kms:Decrypt'], condition: { StringEquals: expect.anything() } }),
    ]);
    expect(found.flatMap(({ resources }) => resources).filter((one) => one.includes('secret:*'))).toEqual([]);
  });
});

function pascal(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
