import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { describe, expect, test } from 'vitest';
import { triggersFor } from '../../cdk/events/trigger-patterns.ts';
import { createHandler } from '../../lambdas/handlers/events/start-rollouts.ts';
import { TriggerEvent } from '../../lambdas/triggers/trigger-events.ts';
import { fakeCatalogue, onGroup, onTags } from '../fakes/catalogue.ts';
import { fakeExecutions } from '../fakes/executions.ts';
import { fakeNewHosts } from '../fakes/started-instances.ts';
import { matchesPattern } from './event-bridge.ts';
import { allFixtures, fixture, jsonOf, matchedBy, rules } from './scope.ts';

const rolloutArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout';
const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:certferry/api-a1b2c3';
const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';

/** One certificate fed from every place that the fixtures speak of, and two targets on the group `web`, one by tags. */
const catalogue = () =>
  fakeCatalogue({
    feeds: [
      [{ kind: 'acm', certificateArn }, 'api.example.com'],
      [{ kind: 'secretsmanager', secretId: secretArn }, 'api.example.com'],
      [{ kind: 's3', bucket: 'example-certificates', key: 'live/api.example.com.pem' }, 'api.example.com'],
      [{ kind: 'parameter', name: '/certificates/api.example.com' }, 'api.example.com'],
    ],
    targets: [
      onGroup('web', 'web'),
      onGroup('admin', 'web'),
      onTags('tagged', { certferry: 'true', role: 'web' }),
    ],
  });

/** Delivers an event as EventBridge would: to the Lambda once for each rule that matches. */
async function deliver(name: string) {
  const event = fixture(name);
  const executions = fakeExecutions();
  const hosts = fakeNewHosts({ 'i-0123456789abcdef0': { certferry: 'true', role: 'web' } });
  const handle = createHandler({ catalogue: catalogue(), executions, rolloutArn, ...hosts });
  for (const { pattern } of Object.values(rules)) {
    if (matchesPattern(jsonOf(pattern), event)) await handle(TriggerEvent.parse(event));
  }
  return executions.started;
}

const whole = {
  certificate: 'api.example.com',
  version: 'latest',
  repeat: false,
  urgent: false,
  only: null,
  strategy: {},
};

const arriving = {
  ...whole,
  urgent: true,
  reason: 'Auto Scaling: i-0123456789abcdef0 was launched in web',
  only: { targets: ['web', 'admin'], hosts: ['i-0123456789abcdef0'] },
  strategy: {
    waves: ['100%'],
    toleratedFailures: '100%',
    pauseSeconds: 0,
    approvalAfterWave: 0,
    onHalt: 'stop',
  },
};

const withTags = (reason: string) => ({
  ...arriving,
  reason,
  only: { targets: ['tagged'], hosts: ['i-0123456789abcdef0'] },
});

describe('the triggers', () => {
  test.each(allFixtures())('Exactly the intended rule matches an event: $name', ({ name, event }) => {
    const taken = Object.entries(rules).flatMap(([rule, { pattern }]) =>
      matchesPattern(jsonOf(pattern), event) ? [rule] : [],
    );

    expect(taken).toEqual([matchedBy[name]].filter((rule) => rule !== null));
  });

  test.each([
    ['acm-renewal', 'acm', { ...whole, reason: 'ACM: renewal of 61f50cd4-45b9-4259-b049-d0a53682fa4b' }],
    [
      'acm-issuance-private',
      'acm',
      { ...whole, reason: 'ACM: issuance of 61f50cd4-45b9-4259-b049-d0a53682fa4b' },
    ],
    [
      'secret-label-updated',
      'secret',
      {
        ...whole,
        reason:
          'Secrets Manager: version a1b2c3d4-5678-90ab-cdef-EXAMPLE11111 of certferry/api is AWSCURRENT',
      },
    ],
    [
      'trail-put-secret-value',
      'secret',
      { ...whole, reason: `Secrets Manager: PutSecretValue of ${secretArn}` },
    ],
    [
      'trail-update-version-stage',
      'secret',
      { ...whole, reason: `Secrets Manager: UpdateSecretVersionStage of ${secretArn}` },
    ],
    [
      'trail-rotation-succeeded',
      'secret',
      { ...whole, reason: `Secrets Manager: RotationSucceeded of ${secretArn}` },
    ],
    [
      's3-object-created',
      's3',
      { ...whole, reason: 'S3: s3://example-certificates/live/api.example.com.pem was written' },
    ],
    [
      'parameter-create',
      'parameter',
      { ...whole, reason: 'Parameter Store: create of /certificates/api.example.com' },
    ],
    [
      'parameter-update',
      'parameter',
      { ...whole, reason: 'Parameter Store: update of /certificates/api.example.com' },
    ],
    ['certferry-version-available', 'event', { ...whole, reason: 'an event on the bus certferry' }],
    [
      'certferry-version-pinned',
      'event',
      {
        ...whole,
        version: {
          source: {
            kind: 'secretsmanager',
            secretId: 'certferry/api',
            versionId: 'a1b2c3d4-5678-90ab-cdef-EXAMPLE11111',
          },
        },
        reason: 'issued by the renewal job',
        urgent: true,
      },
    ],
    ['instance-launch-successful', 'launch', arriving],
    ['instance-launch-without-destination', 'launch', arriving],
    ['instance-running', 'launch', withTags('EC2: i-0123456789abcdef0 is running')],
    ['instance-tagged', 'launch', withTags('EC2: the tags of i-0123456789abcdef0 changed')],
  ])('%s starts one execution with exactly this input', async (name, kind, input) => {
    expect(await deliver(name)).toEqual([
      {
        machineArn: rolloutArn,
        name: expect.stringMatching(`^api-example-com-${kind}-[0-9a-f]{20}$`),
        input,
      },
    ]);
  });

  test.each(allFixtures().filter(({ matches }) => matches === null))(
    'Nothing is started by $name',
    async ({ name }) => {
      expect(await deliver(name)).toEqual([]);
    },
  );

  test('Every event that passes the rules without need is refused, or returns why it starts nothing', async () => {
    const executions = fakeExecutions();
    const handle = createHandler({ ...fakeNewHosts(), catalogue: fakeCatalogue({}), executions, rolloutArn });
    const said = [];

    for (const { event, matches } of allFixtures()) {
      const parsed = TriggerEvent.safeParse(event);
      if (matches === null && parsed.success && parsed.data.source !== 'certferry')
        said.push((await handle(parsed.data)).summary);
    }

    expect(executions.started).toEqual([]);
    expect(said).toContain('nothing to do: ACM cannot export an imported certificate');
    expect(said.every((summary) => summary.startsWith('nothing to do: '))).toBe(true);
  });

  test('CDK renders the triggers as they are tested here', () => {
    const stack = new Stack(new App(), 'Stack');
    for (const [name, { pattern }] of Object.entries(rules)) {
      new Rule(stack, name, { eventPattern: pattern satisfies EventPattern });
    }

    const rendered = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule'));

    const sorted = (patterns: unknown[]) =>
      patterns.map((pattern) => JSON.stringify(sortedKeys(pattern))).sort();
    expect(sorted(rendered.map(({ Properties }) => Properties.EventPattern))).toEqual(
      sorted(Object.values(rules).map(({ pattern }) => jsonOf(pattern))),
    );
  });
});

describe('the rules of a stack', () => {
  const account = '123456789012';

  test('A stack that names nothing hears of every secret, certificate and parameter, and of no bucket', () => {
    const patterns = triggersFor({ account });

    expect(Object.keys(patterns)).toEqual([
      'CertificateAvailable',
      'SecretLabelUpdated',
      'ParameterChanged',
      'VersionAnnounced',
      'InstanceLaunched',
      'InstanceStarted',
      'InstanceTagged',
    ]);
    expect(patterns.SecretLabelUpdated?.pattern).not.toHaveProperty('resources');
    expect(patterns.ParameterChanged?.pattern.detail).not.toHaveProperty('name');
  });

  test('Named secrets and certificates narrow the rules to them', () => {
    const patterns = triggersFor({
      account,
      secretArns: [secretArn],
      acmCertificateArns: [certificateArn],
    });

    expect(patterns.SecretLabelUpdated?.pattern.resources).toEqual([secretArn]);
    expect(patterns.CertificateAvailable?.pattern.resources).toEqual([certificateArn]);
  });

  test('Names with wildcards that EventBridge does not know are left to the Lambda', () => {
    const patterns = triggersFor({
      account,
      secretArns: [secretArn, `${secretArn.slice(0, -6)}??????`],
      parameters: ['/tls/web-?'],
    });

    expect(patterns.SecretLabelUpdated?.pattern).not.toHaveProperty('resources');
    expect(patterns.ParameterChanged?.pattern.detail).not.toHaveProperty('name');
  });

  test.each([
    [
      [
        { name: 'b', prefix: 'x/' },
        { name: 'b', prefix: 'y/' },
      ],
      { key: [{ prefix: 'x/' }, { prefix: 'y/' }] },
    ],
    [[{ name: 'b', prefix: 'x/' }, { name: 'b' }], undefined],
  ])('A bucket has one rule, for all of its prefixes', (buckets, object) => {
    const { 'ObjectCreated-b': rule, ...rest } = triggersFor({ account, buckets });

    expect(rule?.pattern.detail?.object).toEqual(object);
    expect(Object.keys(rest).filter((name) => name.startsWith('Object'))).toEqual([]);
  });
});

/** Objects as lists of their fields, in the order of the names: CDK orders them its own way. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, inner]) => [name, sortedKeys(inner)])
    .sort(([a], [b]) => String(a).localeCompare(String(b)));
}
