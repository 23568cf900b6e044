import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import {
  type DeploymentOutcome,
  deploymentOutcomes,
  outcomeMeanings,
} from '../../core/deployment/outcome.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';

// The metrics that functions publish (services/notify/).
const namespace = 'certferry';
/** The dimension of all metrics except those of the sweep. */
const serviceDimension = { service: 'certferry' };

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
/** The period of sweep metrics: a sweep publishes them every few hours. */
const hour = Duration.hours(1);

/** The number of deployments with this outcome. */
export const deployments = (outcome: DeploymentOutcome, period = minute) =>
  counted('Deployments', outcome, period);

/** The number of rollouts with this outcome. */
export const rollouts = (outcome: RolloutOutcome, period = minute) => counted('Rollouts', outcome, period);

function counted(metricName: string, outcome: string, period: Duration): Metric {
  const dimensionsMap = { ...serviceDimension, outcome };
  return new Metric({ namespace, metricName, dimensionsMap, statistic: 'Sum', period, label: outcome });
}

/** The duration of deployments and their phases, or their wait for locks so far, in milliseconds. */
export function durations(
  metricName: 'DurationMs' | 'LockWaitMs' | 'LockWaitingMs' | 'PushMs' | 'VerifyMs' | 'RollbackMs',
  statistic: string,
  period = fiveMinutes,
): Metric {
  const label = `${metricName} (${statistic})`;
  return new Metric({ namespace, metricName, dimensionsMap: serviceDimension, statistic, period, label });
}

/** A sweep metric over all targets. */
export function sweepMetric(metricName: SweepMetricName, statistic: string): Metric {
  return new Metric({ namespace, metricName, statistic, period: hour, label: metricName });
}

type SweepMetricName = 'DaysToExpiry' | 'Drift' | 'ChainIncomplete' | 'Unreachable' | 'NeverDeployed';

/** The outcomes of rollbacks that need attention at once. They have their own alarm. */
const failedRollbackOutcomes = ['rolled_back_unverified', 'rollback_failed'] as const;

/** Outcomes that need attention, without those that have their own alarm. */
const failures = deploymentOutcomes.filter(
  (outcome) =>
    !outcomeMeanings[outcome].succeeded && !failedRollbackOutcomes.some((failed) => failed === outcome),
);

/** Rollbacks that failed, or that could not be verified. */
export function failedRollbacks(): IMetric {
  return sumOf(
    'failed or unverified rollbacks',
    failedRollbackOutcomes.map((outcome) => deployments(outcome)),
    minute,
  );
}

/** Deployments that failed, and executions that stopped before they recorded an outcome. */
export function failedDeployments(machine: StateMachine): IMetric {
  return sumOf(
    'failed deployments',
    [
      ...failures.map((outcome) => deployments(outcome)),
      machine.metricTimedOut({ period: minute, statistic: 'Sum' }),
      machine.metricAborted({ period: minute, statistic: 'Sum' }),
    ],
    minute,
  );
}

/** Changed host keys of all hosts. */
export function changedHostKeys(): IMetric {
  return new MathExpression({
    label: 'hosts with a changed key',
    expression: `SELECT SUM(HostKeyChanged) FROM SCHEMA("${namespace}", host, service)`,
    usingMetrics: {},
    period: fiveMinutes,
  });
}

/** Rollouts that need attention. */
export function haltedRollouts(machine: StateMachine): IMetric {
  return sumOf(
    'rollouts that did not reach all targets',
    [
      rollouts('halted'),
      rollouts('rolled_back'),
      rollouts('rollback_incomplete'),
      rollouts('refused'),
      machine.metricTimedOut({ period: minute, statistic: 'Sum' }),
      machine.metricAborted({ period: minute, statistic: 'Sum' }),
    ],
    minute,
  );
}

/** Events in the dead-letter queues. */
export function waitingMessages(queues: readonly Queue[]): IMetric {
  const metrics = queues.map((queue) =>
    queue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes, statistic: 'Maximum' }),
  );
  return sumOf('events in dead-letter queues', metrics, fiveMinutes);
}

/** The maximum number of metrics in the expression of an alarm. */
const maximumAlarmMetrics = 10;

function sumOf(label: string, metrics: readonly Metric[], period: Duration): IMetric {
  if (metrics.length > maximumAlarmMetrics)
    throw new Error(
      `An alarm takes at most ${maximumAlarmMetrics} metrics, not ${metrics.length}: split the alarm.`,
    );
  const named = metrics.map((metric, at) => [`metric${at}`, metric] as const);
  return new MathExpression({
    label,
    expression: named.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    period,
    usingMetrics: Object.fromEntries(named),
  });
}
