import { describe, expect, test } from 'vitest';
import { allowedTo, resourcesOf, roleOf, type Statement, theFunction } from './resources.ts';
import { anApp, synthesize } from './synthesized.ts';

const template = synthesize({ approvalLinks: true });
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

/** As `kms:ViaService` is written for a service of this region. */
const through = (service: string) => ({
  StringEquals: {
    'kms:ViaService': {
      'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
    },
  },
});
const keyThroughDynamoDb = on(
  'Key.Arn',
  ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
  through('dynamodb'),
);
const sendCommands = [
  on(`arn:<Partition>:ssm:${here}:document/certferry-agent`, ['ssm:SendCommand']),
  on(
    [`arn:<Partition>:ec2:${here}:instance/*`, `arn:<Partition>:ssm:${here}:managed-instance/*`],
    ['ssm:SendCommand'],
    { StringEquals: { 'ssm:resourceTag/certferry': 'true' } },
  ),
];
// none knows resources
const completeTasks = ['states:SendTaskFailure', 'states:SendTaskSuccess'];
const lookAndComplete = [on('*', ['ssm:GetCommandInvocation', ...completeTasks])];
const findHosts = on('*', [
  'autoscaling:DescribeAutoScalingGroups',
  'ec2:DescribeInstances',
  'ssm:DescribeInstanceInformation',
]);
const describeExecutions = on(
  [
    `arn:<Partition>:states:${here}:execution:certferry-deploy-target:*`,
    `arn:<Partition>:states:${here}:execution:certferry-rollout/DeployWave:*`,
  ],
  ['states:DescribeExecution'],
);
const startRollouts = on(`arn:<Partition>:states:${here}:stateMachine:certferry-rollout`, [
  'states:StartExecution',
]);
const readSources = [
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
const readFiles = [
  on('Work.Arn/rollouts/*', ['s3:GetObject']),
  listFiles,
  on('Key.Arn', ['kms:Decrypt'], through('s3')),
];
const keepFiles = [
  on('Work.Arn/rollouts/*', ['s3:GetObject', 's3:PutObject']),
  listFiles,
  on('Key.Arn', ['kms:Decrypt', 'kms:GenerateDataKey'], through('s3')),
];
const tellPeople = [
  on('NotificationsTopic', ['sns:Publish']),
  on('Key.Arn', ['kms:Decrypt', 'kms:GenerateDataKey'], through('sns')),
];
const undelivered = (source: string): Statement =>
  on(`Events${source}Undelivered.Arn`, ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl']);

/** Everything each Lambda may do beside writing its own log. */
const allowed: Readonly<Record<string, Statement[]>> = {
  'acquire-lock': [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry('BatchGetItem', 'PutItem'),
    keyThroughDynamoDb,
    describeExecutions,
  ],
  'push-bundle': [...commanding('GetItem', 'PutItem'), ...readSources],
  'reconcile-command': commanding('PutItem'),
  'probe-endpoint': [],
  'probe-from-host': commanding('PutItem'),
  'roll-back': commanding('PutItem'),
  'probe-restored': [],
  'record-outcome': [
    locks('GetItem', 'UpdateItem'),
    registry('UpdateItem'),
    deployments('PutItem', 'Query'),
    keyThroughDynamoDb,
  ],
  'command-status': [
    locks('GetItem', 'UpdateItem'),
    registry('PutItem'),
    keyThroughDynamoDb,
    ...lookAndComplete,
    undelivered('CommandEnded'),
  ],
  'release-lock': [
    locks('GetItem', 'UpdateItem'),
    registry('UpdateItem'),
    deployments('PutItem', 'Query'),
    keyThroughDynamoDb,
    describeExecutions,
    undelivered('ExecutionEnded'),
  ],
  'resolve-certificate': [
    registry('BatchGetItem', 'ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
    keyThroughDynamoDb,
    ...readSources,
  ],
  'next-wave': [registry('BatchGetItem', 'Query', 'UpdateItem'), keyThroughDynamoDb, findHosts, ...keepFiles],
  'judge-wave': [registry('BatchGetItem'), keyThroughDynamoDb, ...keepFiles],
  'probe-services': tellPeople,
  'ask-approval': [registry('UpdateItem'), keyThroughDynamoDb, ...tellPeople],
  'answer-approval': [
    registry('BatchGetItem', 'GetItem', 'UpdateItem'),
    keyThroughDynamoDb,
    on('*', ['states:SendTaskSuccess']),
  ],
  'halt-rollout': [registry('BatchGetItem', 'UpdateItem'), keyThroughDynamoDb, ...tellPeople],
  'end-rollout': [registry('BatchGetItem', 'UpdateItem'), keyThroughDynamoDb, ...readFiles, ...tellPeople],
  announce: [
    registry('BatchGetItem', 'GetItem', 'Query'),
    keyThroughDynamoDb,
    startRollouts,
    undelivered('Announced'),
  ],
  sweep: [
    registry('BatchGetItem', 'GetItem', 'PutItem', 'Query'),
    keyThroughDynamoDb,
    findHosts,
    startRollouts,
    undelivered('Sweep'),
  ],
  'sync-registry': [
    registry('BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query'),
    keyThroughDynamoDb,
  ],
};

function commanding(...onRegistry: string[]): Statement[] {
  return [
    locks('GetItem', 'PutItem', 'UpdateItem'),
    registry(...onRegistry),
    keyThroughDynamoDb,
    ...sendCommands,
    on('*', ['ssm:DescribeInstanceInformation', 'ssm:GetCommandInvocation', ...completeTasks]),
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
    ...[...sendCommands, describeExecutions, ...readSources, ...keepFiles].flatMap(
      ({ resources }) => resources,
    ),
    ...['certferry-rollout', 'certferry-rollout/DeployWave'].map(
      (name) => `arn:<Partition>:states:${here}:execution:${name}:*`,
    ),
  ]);

  test('as a whole resource stands only for actions that know no resources', () => {
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

describe('sources', () => {
  const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;
  const key = arn('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab');
  const readers = ['push-bundle', 'resolve-certificate'];

  test.each(readers)(
    'that are named are the only ones that %s may read, decrypted by the named keys',
    (name) => {
      const secret = arn('secretsmanager', 'secret:web-AbCdEf');
      const certificate = arn('acm', 'certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b');
      const named = synthesize({
        sources: {
          secretArns: [secret],
          secretKeyArns: [key],
          acmCertificateArns: [certificate],
          parameters: ['/tls/*'],
          parameterKeyArns: [key],
          buckets: [{ name: 'bundles', prefix: 'tls/', keyArn: key }],
        },
      });

      const found = allowedTo(named, roleOf(theFunction(named, name)));

      expect(found).toContainEqual(on(secret, ['secretsmanager:GetSecretValue']));
      expect(found).toContainEqual(on(certificate, ['acm:ExportCertificate']));
      expect(found).toContainEqual(on(`arn:<Partition>:ssm:${here}:parameter/tls/*`, ['ssm:GetParameter']));
      expect(found).toContainEqual(
        on('arn:<Partition>:s3:::bundles/tls/*', ['s3:GetObject', 's3:GetObjectVersion']),
      );
      expect(found.filter(({ resources }) => resources.includes(key))).toEqual(
        ['secretsmanager', 'ssm', 's3'].map((service) => on(key, ['kms:Decrypt'], through(service))),
      );
      const everything = readSources.flatMap(({ resources }) => resources);
      expect(found.flatMap(({ resources }) => resources).filter((one) => everything.includes(one))).toEqual(
        [],
      );
    },
  );

  test('pass the checks of AWS Solutions, named or not', () => {
    const sources = {
      parameters: ['/tls/*'],
      buckets: [{ name: 'bundles' }, { name: 'more', prefix: 'tls/' }],
    };

    expect(() => anApp({ sources }).app.synth()).not.toThrow();
  });
});

describe('member accounts', () => {
  test('are reached through their role, by exactly the functions that act on hosts', () => {
    const shared = synthesize({ accounts: ['222233334444'] });
    const assuming = resourcesOf(shared, 'AWS::Lambda::Function')
      .filter((lambda) =>
        allowedTo(shared, roleOf(lambda)).some(({ actions }) => actions.includes('sts:AssumeRole')),
      )
      .map(({ properties }) => properties.FunctionName);

    expect(assuming.sort()).toEqual(
      [
        'command-status',
        'next-wave',
        'probe-from-host',
        'push-bundle',
        'reconcile-command',
        'roll-back',
        'sweep',
      ].map((name) => `certferry-${name}`),
    );
    expect(allowedTo(shared, roleOf(theFunction(shared, 'push-bundle')))).toContainEqual(
      on('arn:<Partition>:iam::222233334444:role/certferry-runner', ['sts:AssumeRole']),
    );
  });
});

function pascal(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
