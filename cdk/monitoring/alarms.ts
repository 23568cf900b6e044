import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  changedHostKeys,
  deployments,
  durations,
  failedDeployments,
  haltedRollouts,
  swept,
  waitingMessages,
} from './metrics.ts';

interface AlarmsProps {
  readonly topic: ITopic;
  readonly deployTarget: StateMachine;
  readonly rollout: StateMachine;
  readonly undelivered: readonly Queue[];
  readonly expiryAlarmDays: number;
}

/**
 * AcquireLock gives up after 300 tries, some 40 minutes (`lock_unavailable`). What it looks at is said at each of them: there
 * is still something to see then.
 */
const longLockWaitMilliseconds = 10 * 60 * 1000;

type When = 'at least' | 'below';

/** What people are told of by themselves. Each description says where to look and what to do. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const events = [
      this.#alarm(
        'RollbackFailed',
        'A host could not be put back: what it serves is known to be bad. A message names the host and what to type there; so do the execution and `certferry history --json`.',
        deployments('rollback_failed'),
      ),
      this.#alarm(
        'RolloutHalted',
        'A rollout was halted, rolled back, refused or broken off. Its execution says why; redrive it to go on with what is not done.',
        haltedRollouts(props.rollout),
      ),
      this.#alarm(
        'DeploymentFailed',
        'A deployment failed, timed out or was aborted: its execution, or `certferry history`, says what the host serves now.',
        failedDeployments(props.deployTarget),
      ),
      this.#alarm(
        'LockHeldTooLong',
        'A deployment has been waiting for its target or host for more than ten minutes: look for one that hangs on the same target or host.',
        durations('LockWaitingMs', 'Maximum'),
        { threshold: longLockWaitMilliseconds },
      ),
      this.#alarm(
        'EventUndelivered',
        'An event could not be handled: a lock may be held, or a deployment wait for its timeout. The queue holds the event.',
        waitingMessages(props.undelivered),
      ),
      this.#alarm(
        'HostKeyChanged',
        'A host answered with another key than the one we knew. Expected after it was rebuilt; otherwise ask who answered in its place.',
        changedHostKeys(),
      ),
    ];
    this.all = [...events, ...this.#ofSweeps(props.expiryAlarmDays)].map((alarm) => {
      alarm.addAlarmAction(new SnsAction(props.topic));
      return alarm;
    });
  }

  /** Between two sweeps nothing is known: the alarm stays as the last one left it. */
  #ofSweeps(expiryAlarmDays: number): Alarm[] {
    const treatMissingData = TreatMissingData.IGNORE;
    return [
      this.#alarm(
        'ExpiryNear',
        `A certificate that is served somewhere expires in less than ${expiryAlarmDays} days: was it renewed, and did its rollout end well?`,
        swept('DaysToExpiry', 'Minimum'),
        { threshold: expiryAlarmDays, when: 'below', treatMissingData },
      ),
      this.#alarm(
        'Drift',
        'An endpoint serves something else than what was deployed to it. Roll the certificate out again, or let the target heal by itself (autoHeal).',
        swept('Drift', 'Maximum'),
        { treatMissingData },
      ),
    ];
  }

  #alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    how: { threshold?: number; when?: When; treatMissingData?: TreatMissingData } = {},
  ): Alarm {
    const { threshold = 1, when = 'at least', treatMissingData = TreatMissingData.NOT_BREACHING } = how;
    return new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator:
        when === 'below'
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData,
    });
  }
}
