import { Metrics } from '@aws-lambda-powertools/metrics';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test, vi } from 'vitest';
import { deploymentOutcomes, outcomeMeanings } from '../../core/deployment/outcome.ts';
import { rolloutOutcomes } from '../../core/rollout/rollout.ts';
import { createDeploymentMetrics } from '../../services/notify/deployment-metrics.ts';
import { createHostKeyWarnings } from '../../services/notify/host-key-warnings.ts';
import { createRolloutMetrics } from '../../services/notify/rollout-metrics.ts';
import { createSweepMetrics } from '../../services/notify/sweep-metrics.ts';
import { resourcesOf, theResource } from './resources.ts';
import { synthesize } from './synthesized.ts';

const template = synthesize();

interface Dimension {
  readonly Name: string;
  readonly Value: unknown;
}
interface MetricText {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly Dimension[];
}

const alarm = (name: string) =>
  theResource(template, 'AWS::CloudWatch::Alarm', ({ id }) => id.includes(`Alarms${name}`)).properties;

/** The metrics that an alarm looks at. */
function metricsOf(properties: Record<string, unknown>): MetricText[] {
  if (properties.MetricName !== undefined) return [properties as unknown as MetricText];
  const all = properties.Metrics as { MetricStat?: { Metric: MetricText } }[];
  return all.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
}

/** A metric of ours by its name and dimensions. */
const text = ({ MetricName, Dimensions = [] }: MetricText): string =>
  `${MetricName}{${Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort()}}`;

/** What the functions publish, in the same form: every metric that they may, as it stands in their log. */
function published(): Set<string> {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  const metrics = () => new Metrics({ namespace: 'certferry', serviceName: 'certferry' });
  const durations = { totalMs: 1, lockWaitMs: 1, pushMs: 1, verifyMs: 1, rollbackMs: 1 };
  for (const outcome of deploymentOutcomes) {
    createDeploymentMetrics(metrics()).ended({ outcome, durations });
  }
  createDeploymentMetrics(metrics()).waits(1);
  for (const outcome of rolloutOutcomes) createRolloutMetrics(metrics()).ended(outcome);
  createSweepMetrics(new Metrics({ namespace: 'certferry' })).publish(
    { daysToExpiry: 1, drift: 1, chainIncomplete: 1, unreachable: 1, neverDeployed: 1 },
    {},
  );
  void createHostKeyWarnings(metrics(), { send: async () => {} }).hostKeyChanged({
    host: 'i-1',
    targetId: 't',
    deploymentId: 'd',
    kid: 'k-2',
    previousKid: 'k-1',
    refused: false,
  });
  vi.restoreAllMocks();
  return new Set(lines.filter((line) => line.startsWith('{')).flatMap((line) => metricsIn(JSON.parse(line))));
}

interface MetricLine extends Record<string, unknown> {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly string[][];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

function metricsIn(line: MetricLine): string[] {
  return (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Dimensions, Metrics: its }) =>
    Dimensions.flatMap((names) =>
      its.map(({ Name: MetricName }) =>
        text({
          Namespace: '',
          MetricName,
          Dimensions: names.map((Name) => ({ Name, Value: line[Name] })),
        }),
      ),
    ),
  );
}

describe('the alarms', () => {
  test('The alarms use metrics that the functions really publish', () => {
    const known = published();
    const looked = resourcesOf(template, 'AWS::CloudWatch::Alarm')
      .flatMap(({ properties }) => metricsOf(properties))
      .filter(({ Namespace }) => Namespace === 'certferry')
      .map(text);

    expect(looked.length).toBeGreaterThan(10);
    expect(looked.filter((metric) => !known.has(metric))).toEqual([]);
    expect([...known]).toContain('HostKeyChanged{host=i-1,service=certferry}');
  });

  test('All alarms notify operators, and their descriptions name what to check', () => {
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^CertferryNotificationsTopic') }],
      AlarmDescription: Match.stringLikeRegexp('.{40,}'),
    });
  });

  test('The alarms cover every unsuccessful outcome of a deployment, each by one of two alarms', () => {
    const outcomes = ['DeploymentFailed', 'RollbackFailed'].flatMap((name) =>
      metricsOf(alarm(name)).flatMap(({ Dimensions = [] }) =>
        Dimensions.flatMap(({ Name, Value }) => (Name === 'outcome' ? [Value] : [])),
      ),
    );

    expect(outcomes.sort()).toEqual(
      deploymentOutcomes.filter((outcome) => !outcomeMeanings[outcome].succeeded).sort(),
    );
    expect(metricsOf(alarm('DeploymentFailed')).map(({ MetricName }) => MetricName)).toEqual(
      expect.arrayContaining(['ExecutionsTimedOut', 'ExecutionsAborted']),
    );
  });

  test('The alarms cover rollouts that did not reach every target', () => {
    expect(
      metricsOf(alarm('RolloutHalted'))
        .filter(({ Namespace }) => Namespace === 'certferry')
        .map(text),
    ).toEqual(
      ['halted', 'rolled_back', 'rollback_incomplete', 'refused'].map(
        (outcome) => `Rollouts{outcome=${outcome},service=certferry}`,
      ),
    );
  });

  test('The alarms cover certificates that expire within two weeks or the configured number of days', () => {
    const days = (from: typeof template) =>
      theResource(from, 'AWS::CloudWatch::Alarm', ({ id }) => id.includes('ExpiryNear')).properties;

    expect(days(template)).toMatchObject({
      Metrics: [{ MetricStat: { Metric: { MetricName: 'DaysToExpiry' }, Stat: 'Minimum', Period: 3600 } }],
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 14,
    });
    expect(days(synthesize({ expiryAlarmDays: 30 })).Threshold).toBe(30);
  });

  test('The alarms stay as the last sweep left them until the next, and are quiet otherwise when nothing happens', () => {
    const missing = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ id, properties }) => [
      /Alarms([A-Za-z]+?)[0-9A-F]{8}$/.exec(id)?.[1],
      properties.TreatMissingData,
    ]);

    expect(Object.fromEntries(missing)).toEqual({
      RollbackFailed: 'notBreaching',
      RolloutHalted: 'notBreaching',
      DeploymentFailed: 'notBreaching',
      LockHeldTooLong: 'notBreaching',
      EventUndelivered: 'notBreaching',
      HostKeyChanged: 'notBreaching',
      ExpiryNear: 'ignore',
      Drift: 'ignore',
      NeverDeployed: 'ignore',
    });
  });

  test('The alarms cover a deployment that waits for its locks while it still waits', () => {
    expect(metricsOf(alarm('LockHeldTooLong')).map(text)).toEqual(['LockWaitingMs{service=certferry}']);
    expect(alarm('LockHeldTooLong')).toMatchObject({
      Metrics: [{ MetricStat: { Stat: 'Maximum' } }],
      Threshold: 600_000,
    });
  });

  test('The alarms watch every dead-letter queue', () => {
    expect(metricsOf(alarm('EventUndelivered'))).toHaveLength(
      resourcesOf(template, 'AWS::SQS::Queue').length,
    );
  });
});

describe('the dashboard', () => {
  const { DashboardBody, DashboardName } = theResource(
    synthesize({ dashboard: true }),
    'AWS::CloudWatch::Dashboard',
    () => true,
  ).properties;
  const body = JSON.stringify(DashboardBody);

  test('The stack has a dashboard only if it is requested', () => {
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });

  test('The dashboard has a name of its own in each region: those of all regions of an account are in one list', () => {
    expect(DashboardName).toEqual({ 'Fn::Join': ['', ['certferry-', { Ref: 'AWS::Region' }]] });
  });

  test('The dashboard shows every end of deployments and rollouts, how long they take, and what a sweep saw', () => {
    const shown = [
      ...deploymentOutcomes,
      ...rolloutOutcomes,
      'DurationMs',
      'LockWaitMs',
      'LockWaitingMs',
      'PushMs',
      'VerifyMs',
      'RollbackMs',
      'DaysToExpiry',
      'Drift',
      'NeverDeployed',
    ];

    expect(shown.filter((word) => !body.includes(word))).toEqual([]);
  });

  test('The dashboard shows only metrics of ours that the functions really publish', () => {
    const known = [...published()].map((metric) => metric.split('{')[0]);
    const shown = [...body.matchAll(/\\"certferry\\",\\"(\w+)\\"/g)].map(([, name]) => name);

    expect(shown.length).toBeGreaterThan(10);
    expect(shown.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('The dashboard has every alarm at its top', () => {
    const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ id }) => id);

    expect(alarms.filter((id) => !body.includes(id))).toEqual([]);
  });
});

describe('the topic', () => {
  test('The topic is encrypted with our key, and alarms of this account may publish', () => {
    template.hasResourceProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CertferryKey'), 'Arn'] },
    });
    const { properties } = theResource(template, 'AWS::SNS::TopicPolicy', () => true);
    expect(properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });
});
