import { reportedConditions } from '../../core/drift/sweep-report.ts';
import { knownLeaf, needsAction, type TargetStatus } from '../../core/drift/target-status.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: (statuses: readonly TargetStatus[], now: Date) => readonly Sample[];
}

const labelsOf = ({ targetId, certificate, host }: TargetStatus) => ({
  target: targetId,
  certificate,
  host: host ?? '',
});

/** Sample names and units follow https://prometheus.io/docs/practices/naming/. */
const metrics: readonly Metric[] = [
  {
    name: 'certferry_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that the target serves expires. Without a probe: the installed certificate.',
    samples: (statuses) =>
      statuses.flatMap((status) => {
        const { notAfter } = knownLeaf(status);
        return notAfter === null ? [] : [{ labels: labelsOf(status), value: notAfter }];
      }),
  },
  {
    name: 'certferry_target_condition',
    help: 'The condition of the target, as certferry sweep names it. The value is always 1.',
    samples: (statuses) =>
      statuses.map((status) => ({ labels: { ...labelsOf(status), condition: status.condition }, value: 1 })),
  },
  {
    name: 'certferry_target_needs_action',
    help: 'Whether someone must act on the target: 1 or 0.',
    samples: (statuses) =>
      statuses.map((status) => ({ labels: labelsOf(status), value: Number(needsAction(status)) })),
  },
  {
    name: 'certferry_target_locked',
    help: 'Whether an execution holds the lock of the target: 1 or 0.',
    samples: (statuses) =>
      statuses.map((status) => ({ labels: labelsOf(status), value: Number(status.lock !== null) })),
  },
  {
    name: 'certferry_last_deployment_timestamp_seconds',
    help: 'When the last recorded deployment to the target ended.',
    samples: (statuses) =>
      statuses.flatMap((status) =>
        status.lastDeployment === null
          ? []
          : [
              {
                labels: { ...labelsOf(status), outcome: status.lastDeployment.outcome },
                value: Date.parse(status.lastDeployment.at) / 1_000,
              },
            ],
      ),
  },
  {
    name: 'certferry_targets',
    help: 'The number of targets with this condition.',
    samples: (statuses) =>
      reportedConditions.map((condition) => ({
        labels: { condition },
        value: statuses.filter((status) => status.condition === condition).length,
      })),
  },
  {
    name: 'certferry_status_timestamp_seconds',
    help: 'When certferry wrote this file. An old value means that certferry status no longer runs.',
    samples: (_, now) => [{ labels: {}, value: Math.floor(now.getTime() / 1_000) }],
  },
];

/**
 * The statuses for node_exporter's textfile collector, in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). It contains no time stamps, which the collector refuses.
 */
export function prometheusText(statuses: readonly TargetStatus[], now: Date): string {
  const lines = metrics.flatMap(({ name, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples(statuses, now).map(({ labels, value }) => `${name}${labelText(labels)} ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
