import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { DriftCounts } from '../../core/drift/drift-counts.ts';
import {
  classify,
  type EndpointInspection,
  type ExpectedVersions,
  type KnownVersion,
} from '../../core/drift/finding.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import { publishSweepMetrics } from '../../lambdas/drift/publish-metrics.ts';
import { countsOf } from '../../lambdas/drift/sweep-totals.ts';
import { createDeploymentMetrics } from '../../services/notify/deployment-metrics.ts';
import { createHostKeyWarnings } from '../../services/notify/host-key-warnings.ts';
import { createRolloutMetrics } from '../../services/notify/rollout-metrics.ts';
import { createSweepMetrics } from '../../services/notify/sweep-metrics.ts';
import { facts, fingerprint } from '../fixtures/factories.ts';
import { aRegisteredTarget } from '../fixtures/registered.ts';
import { alarmNames, fired, type Published } from './evaluate-alarms.ts';

/** The metric lines that a function writes to its log. */
function linesOf(write: (metrics: Metrics) => void, options: { serviceName?: string } = {}) {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  write(new Metrics({ namespace: 'certferry', ...options }));
  vi.restoreAllMocks();
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ _aws }) => _aws !== undefined);
}

afterEach(() => vi.restoreAllMocks());

const certferry = { serviceName: 'certferry' };
const durations = { totalMs: 1, lockWaitMs: 1, pushMs: 1, verifyMs: 1, rollbackMs: 1 };
const deploymentEnds = (outcome: DeploymentOutcome) =>
  linesOf((metrics) => createDeploymentMetrics(metrics).ended({ outcome, durations }), certferry);
const rolloutEnds = (outcome: RolloutOutcome) =>
  linesOf((metrics) => createRolloutMetrics(metrics).ended(outcome), certferry);
const deploymentWaits = (milliseconds: number) =>
  linesOf((metrics) => createDeploymentMetrics(metrics).waits(milliseconds), certferry);
const hostKeyChanges = () =>
  linesOf((metrics) => {
    void createHostKeyWarnings(metrics, { send: async () => {} }).hostKeyChanged({
      host: 'i-1',
      targetId: 't',
      deploymentId: 'd',
      kid: 'k-2',
      previousKid: 'k-1',
      refused: false,
    });
  }, certferry);

const now = new Date('2026-11-22T12:00:00Z');
const inDays = (days: number) => now.getTime() / 1000 + days * 86_400;
const [current, older, strange] = ['current', 'older', 'strange'].map(fingerprint) as [
  string,
  string,
  string,
];

const has = (name: string, daysLeft = 60): KnownVersion => ({
  fingerprint: name,
  notAfter: inDays(daysLeft),
  version: { ...facts(name), fingerprint: name as `sha256:${string}`, chain: ['sha256:intermediate'] },
});

function serves(name: string, { daysLeft = 60, chain = ['sha256:intermediate'] } = {}): EndpointInspection {
  const served = { fingerprint: name, daysLeft, chain, notAfter: inDays(daysLeft) };
  return { ...policy, inspections: [{ address: '10.0.0.1:443', problem: null, served }] };
}
const policy = { addresses: 'all', requireChain: true } as const;
const silent: EndpointInspection = {
  ...policy,
  inspections: [{ address: '10.0.0.1:443', problem: 'connection refused', served: null }],
};
const notProbed: EndpointInspection = { notInspected: 'the target has verify: none' };

interface Found {
  readonly known: KnownVersion | null;
  readonly probe: EndpointInspection;
  readonly rollout?: ExpectedVersions['rollout'];
}

/** The line of one sweep over a healthy target and these. */
function sweepFinds(found: readonly Found[], complete: 'all' | 'a part' = 'all') {
  const healthy: Found = { known: has(current), probe: serves(current) };
  const swept = [healthy, ...found].map(({ known, probe, rollout = null }, at) => {
    const registered = aRegisteredTarget({ id: `web-${at}` });
    const due = { current, rollout };
    return {
      id: registered.id,
      registered,
      member: { host: `i-0aaaaaaaaaaaaaaa${at}`, address: null },
      finding: classify(known, due, probe, now),
      installed: null,
      status: { due, blockedBy: null },
    };
  });
  const counts: DriftCounts | null = complete === 'all' ? countsOf(swept) : null;
  return linesOf((metrics) =>
    publishSweepMetrics(
      { swept, unresolved: [], reached: null, complete: counts },
      createSweepMetrics(metrics),
    ),
  );
}

const running = { fingerprint: fingerprint('next'), running: true };

/** [situation, metric, alarm, what is published] */
const situations: readonly (readonly [string, string, string, () => Published[]])[] = [
  [
    'an endpoint serves a leaf that certferry did not install',
    'Drift',
    'Drift',
    () => sweepFinds([{ known: has(current), probe: serves(strange) }]),
  ],
  [
    'a target still serves the previous version',
    'Drift',
    'Drift',
    () => sweepFinds([{ known: has(older), probe: serves(older) }]),
  ],
  [
    'a target without a probe has the previous version',
    'Drift',
    'Drift',
    () => sweepFinds([{ known: has(older), probe: notProbed }]),
  ],
  [
    'a served certificate expires in 13 days',
    'DaysToExpiry',
    'ExpiryNear',
    () => sweepFinds([{ known: has(current, 13), probe: serves(current, { daysLeft: 13 }) }]),
  ],
  [
    'a served certificate has expired',
    'DaysToExpiry',
    'ExpiryNear',
    () => sweepFinds([{ known: has(current, -1), probe: serves(current, { daysLeft: -1 }) }]),
  ],
  [
    'an unreachable target has a certificate that expires in 3 days',
    'DaysToExpiry',
    'ExpiryNear',
    () => sweepFinds([{ known: has(current, 3), probe: silent }]),
  ],
  [
    'a new host has no deployment, and no rollout is running',
    'NeverDeployed',
    'NeverDeployed',
    () => sweepFinds([{ known: null, probe: silent }]),
  ],
  [
    'a new host has no deployment, and the last rollout is halted',
    'NeverDeployed',
    'NeverDeployed',
    () => sweepFinds([{ known: null, probe: silent, rollout: { ...running, running: false } }]),
  ],
  ...(['rollback_failed', 'rolled_back_unverified'] as const).map(
    (outcome) =>
      [
        `a deployment ends as ${outcome}`,
        'Deployments',
        'RollbackFailed',
        () => deploymentEnds(outcome),
      ] as const,
  ),
  ...(
    ['rejected', 'validate_failed', 'reload_failed', 'rolled_back', 'lost', 'lock_unavailable'] as const
  ).map(
    (outcome) =>
      [
        `a deployment ends as ${outcome}`,
        'Deployments',
        'DeploymentFailed',
        () => deploymentEnds(outcome),
      ] as const,
  ),
  ...(['halted', 'rolled_back', 'rollback_incomplete', 'refused'] as const).map(
    (outcome) =>
      [`a rollout ends as ${outcome}`, 'Rollouts', 'RolloutHalted', () => rolloutEnds(outcome)] as const,
  ),
  ...(['ExecutionsTimedOut', 'ExecutionsAborted'] as const).flatMap((aws) => [
    [
      `a deployment ends with ${aws}`,
      aws,
      'DeploymentFailed',
      () => [{ aws, of: 'CertferryDeployTarget' }],
    ] as const,
    [`a rollout ends with ${aws}`, aws, 'RolloutHalted', () => [{ aws, of: 'CertferryRollout' }]] as const,
  ]),
  [
    'a deployment has waited eleven minutes for its lock',
    'LockWaitingMs',
    'LockHeldTooLong',
    () => deploymentWaits(660_000),
  ],
  ['a host answers with another key', 'HostKeyChanged', 'HostKeyChanged', hostKeyChanges],
  ...['CommandEnded', 'ExecutionEnded', 'Announced', 'Sweep'].map(
    (queue) =>
      [
        `an event is in the dead-letter queue of ${queue}`,
        'ApproximateNumberOfMessagesVisible',
        'EventUndelivered',
        () => [{ aws: 'ApproximateNumberOfMessagesVisible', of: queue }],
      ] as const,
  ),
];

describe('the situations with an alarm', () => {
  test.each(situations)(
    'When %s, the metric %s raises the alarm %s and no other',
    (_, metric, name, publish) => {
      const published = publish();

      expect(JSON.stringify(published)).toContain(metric);
      expect(fired(published)).toEqual([name]);
    },
  );

  test('Each alarm of the stack has a situation that raises it', () => {
    expect([...new Set(situations.map(([, , name]) => name))].sort()).toEqual([...alarmNames].sort());
  });

  test('One target in trouble among a thousand healthy ones raises the alarm', () => {
    const healthy = Array.from({ length: 999 }, () => ({ known: has(current), probe: serves(current) }));

    expect(fired(sweepFinds([...healthy, { known: has(current), probe: serves(strange) }]))).toEqual([
      'Drift',
    ]);
  });
});

describe('the log line of a sweep', () => {
  test('The line lists certificates and targets, and stays below 256 KiB however many targets are not ok', () => {
    const answers = Array.from({ length: 40 }, (_, at) => ({
      address: `[2001:db8::${at}]:443`,
      problem: 'x'.repeat(2000),
      served: null,
    }));
    const probe: EndpointInspection = { ...policy, inspections: answers };
    const found = Array.from({ length: 5000 }, () => ({ known: has(current), probe }));

    const [line = {}] = sweepFinds(found);

    expect(line).toMatchObject({
      swept: 5001,
      omitted: 4900,
      certificates: [{ certificate: 'api.example.com', targets: 5001, unreachable: 5000 }],
    });
    expect(JSON.stringify(line.notOk)).toContain('web-1');
    expect(JSON.stringify(line).length).toBeLessThan(256 * 1024);
  });
});

describe('the situations without an alarm', () => {
  test.each<[string, () => Published[]]>([
    ['every target is ok', () => sweepFinds([])],
    [
      'a rollout is running that may deploy to a new host',
      () => sweepFinds([{ known: null, probe: silent, rollout: running }]),
    ],
    [
      'a sweep has not seen every target yet: it must not end the alarm of another one',
      () => sweepFinds([{ known: has(current), probe: serves(strange) }], 'a part'),
    ],
    ['a deployment succeeds', () => deploymentEnds('deployed')],
    ['a rollout finishes', () => rolloutEnds('finished')],
    ['a deployment waits for a minute', () => deploymentWaits(60_000)],
  ])('No alarm fires when %s', (_, publish) => {
    expect(fired(publish())).toEqual([]);
  });
});
