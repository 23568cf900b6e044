import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

interface NotificationsProps {
  readonly key: IKey;
  readonly machine: StateMachine;
  readonly undelivered: readonly Queue[];
}

/** A topic for people, and the alarms that publish to it. Who listens is up to them: nobody is subscribed here. */
export class Notifications extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', {
      displayName: 'certferry',
      masterKey: props.key,
      enforceSSL: true,
    });
    this.#allowAlarms();
    this.#alarm(
      'DeploymentFailed',
      'A deployment failed, timed out or was aborted: its execution, or `certferry history`, says what the host serves now.',
      failedExecutions(props.machine),
    );
    this.#alarm(
      'EventUndelivered',
      'An event could not be handled: a lock may be held, or a deployment wait for its timeout. The queue holds the event.',
      waitingMessages(props.undelivered),
    );
  }

  /** Refusing plain HTTP gives the topic a policy of its own, which takes the place of the one that lets alarms in. */
  #allowAlarms(): void {
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }

  #alarm(id: string, alarmDescription: string, metric: IMetric): void {
    const alarm = new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}

function failedExecutions(machine: StateMachine): IMetric {
  const period = Duration.minutes(1);
  return new MathExpression({
    label: 'deployments that did not succeed',
    expression: 'FILL(failed, 0) + FILL(timedOut, 0) + FILL(aborted, 0)',
    period,
    usingMetrics: {
      failed: machine.metricFailed({ period, statistic: 'Sum' }),
      timedOut: machine.metricTimedOut({ period, statistic: 'Sum' }),
      aborted: machine.metricAborted({ period, statistic: 'Sum' }),
    },
  });
}

function waitingMessages(queues: readonly Queue[]): IMetric {
  const period = Duration.minutes(5);
  const names = queues.map((_, at) => `queue${at}`);
  return new MathExpression({
    label: 'events not handled',
    expression: names.map((name) => `FILL(${name}, 0)`).join(' + '),
    period,
    usingMetrics: Object.fromEntries(
      queues.map((queue, at) => [
        `queue${at}`,
        queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
      ]),
    ),
  });
}
