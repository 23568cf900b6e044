import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  changedHostKeys,
  durations,
  failedDeployments,
  failedRollbacks,
  haltedRollouts,
  sweepMetric,
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
 * AcquireLock stops after 300 attempts, about 40 minutes (`lock_unavailable`). It publishes the wait at each attempt, so the
 * alarm fires while operators can still see the conflict.
 */
const longLockWaitMilliseconds = 10 * 60 * 1000;

type Comparison = 'at least' | 'below';

/** The alarms for operators. Each description states what happened and what to do. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const events = [
      this.#alarm(
        'RollbackFailed',
        'certferry could not restore the previous version on a host, or its endpoint does not serve the restored version. Act now: a separate message names the host and what to do. `certferry history --json` also contains the commands to run.',
        failedRollbacks(),
      ),
      this.#alarm(
        'RolloutHalted',
        'A rollout was halted, rolled back, refused, aborted or timed out. Read the reason in its execution. To continue, run `certferry rollout --resume`.',
        haltedRollouts(props.rollout),
      ),
      this.#alarm(
        'DeploymentFailed',
        'A deployment failed, timed out or was aborted. Run `certferry history` to see its outcome and the certificate that the host serves now.',
        failedDeployments(props.deployTarget),
      ),
      this.#alarm(
        'LockHeldTooLong',
        'A deployment has been waiting for the lock of its target or host for more than ten minutes. Find the deployment that holds the lock and stop it if it hangs.',
        durations('LockWaitingMs', 'Maximum'),
        { threshold: longLockWaitMilliseconds },
      ),
      this.#alarm(
        'EventUndelivered',
        'An event could not be handled and is in a dead-letter queue. A lock may still be held, or a deployment may wait for its timeout. Read the event and the log of the function.',
        waitingMessages(props.undelivered),
      ),
      this.#alarm(
        'HostKeyChanged',
        'A host answered with a key that differs from the recorded one. This is expected after a rebuild. Otherwise, find out which machine answered.',
        changedHostKeys(),
      ),
    ];
    this.all = [...events, ...this.#sweepAlarms(props.expiryAlarmDays)].map((alarm) => {
      alarm.addAlarmAction(new SnsAction(props.topic));
      return alarm;
    });
  }

  /** Sweeps publish data every few hours. The alarms keep their state between two sweeps. */
  #sweepAlarms(expiryAlarmDays: number): Alarm[] {
    const treatMissingData = TreatMissingData.IGNORE;
    return [
      this.#alarm(
        'ExpiryNear',
        `A served certificate expires in less than ${expiryAlarmDays} days. Check its renewal and the outcome of its last rollout.`,
        sweepMetric('DaysToExpiry', 'Minimum'),
        { threshold: expiryAlarmDays, when: 'below', treatMissingData },
      ),
      this.#alarm(
        'Drift',
        'An endpoint serves a certificate that differs from the deployed one. Start a rollout of the certificate, or set autoHeal for the target.',
        sweepMetric('Drift', 'Maximum'),
        { treatMissingData },
      ),
      this.#alarm(
        'NeverDeployed',
        'A registered target has never had a deployment, and no rollout of its certificate is running. Run `certferry sweep` to see the target and the reason, then roll out its certificate.',
        sweepMetric('NeverDeployed', 'Maximum'),
        { treatMissingData },
      ),
    ];
  }

  #alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    options: { threshold?: number; when?: Comparison; treatMissingData?: TreatMissingData } = {},
  ): Alarm {
    const { threshold = 1, when = 'at least', treatMissingData = TreatMissingData.NOT_BREACHING } = options;
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
