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

// What the functions publish: lambdas/runtime/metrics.ts, and lambdas/services/measures.ts for the sweep.
const namespace = 'certferry';
/** A dimension of all but the sweep's. */
const ours = { service: 'certferry' };

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
/** The sweep publishes every few hours: an alarm on it keeps its state from one to the next. */
const hour = Duration.hours(1);

/** How many deployments ended so. */
export const deployments = (outcome: DeploymentOutcome, period = minute) =>
  counted('Deployments', outcome, period);

/** How many rollouts ended so. */
export const rollouts = (outcome: RolloutOutcome, period = minute) => counted('Rollouts', outcome, period);

function counted(metricName: string, outcome: string, period: Duration): Metric {
  const dimensionsMap = { ...ours, outcome };
  return new Metric({ namespace, metricName, dimensionsMap, statistic: 'Sum', period, label: outcome });
}

/** How long deployments and their phases took, or have waited for their locks so far; milliseconds. */
export function durations(
  metricName: 'DurationMs' | 'LockWaitMs' | 'LockWaitingMs' | 'PushMs' | 'VerifyMs' | 'RollbackMs',
  statistic: string,
  period = fiveMinutes,
): Metric {
  const label = `${metricName} (${statistic})`;
  return new Metric({ namespace, metricName, dimensionsMap: ours, statistic, period, label });
}

/** Of everything that a sweep looked at. */
export function swept(metricName: SweptMetric, statistic: string): Metric {
  return new Metric({ namespace, metricName, statistic, period: hour, label: metricName });
}

type SweptMetric = 'DaysToExpiry' | 'Drift' | 'ChainIncomplete' | 'Unreachable';

/** The same of each certificate. */
export function eachCertificate(metricName: SweptMetric, statistic: string): MathExpression {
  return new MathExpression({
    label: '',
    expression: `SEARCH('{${namespace},certificate} MetricName="${metricName}"', '${statistic}', ${hour.toSeconds()})`,
    usingMetrics: {},
    period: hour,
  });
}

/** Ends of a deployment after which something is to be done; `rollback_failed` has an alarm of its own. */
const bad = deploymentOutcomes.filter(
  (outcome) => !outcomeMeanings[outcome].succeeded && outcome !== 'rollback_failed',
);

/** Deployments that ended badly, and executions that broke off before they could say so. */
export function failedDeployments(machine: StateMachine): IMetric {
  return added(
    'deployments that failed',
    [
      ...bad.map((outcome) => deployments(outcome)),
      machine.metricTimedOut({ period: minute, statistic: 'Sum' }),
      machine.metricAborted({ period: minute, statistic: 'Sum' }),
    ],
    minute,
  );
}

/** A host answered with another key than the one we knew, whichever host it was. */
export function changedHostKeys(): IMetric {
  return new MathExpression({
    label: 'hosts with another key than before',
    expression: `SELECT SUM(HostKeyChanged) FROM SCHEMA("${namespace}", host, service)`,
    usingMetrics: {},
    period: fiveMinutes,
  });
}

/** Rollouts that a person has to look at. */
export function haltedRollouts(machine: StateMachine): IMetric {
  return added(
    'rollouts that did not reach everybody',
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

/** Events that nobody has taken. */
export function waitingMessages(queues: readonly Queue[]): IMetric {
  const metrics = queues.map((queue) =>
    queue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes, statistic: 'Maximum' }),
  );
  return added('events not handled', metrics, fiveMinutes);
}

/** An alarm takes an expression of at most ten metrics. */
const mostInAlarm = 10;

function added(label: string, metrics: readonly Metric[], period: Duration): IMetric {
  if (metrics.length > mostInAlarm)
    throw new Error(`an alarm takes ${mostInAlarm} metrics, not ${metrics.length}`);
  const named = metrics.map((metric, at) => [`metric${at}`, metric] as const);
  return new MathExpression({
    label,
    expression: named.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    period,
    usingMetrics: Object.fromEntries(named),
  });
}
