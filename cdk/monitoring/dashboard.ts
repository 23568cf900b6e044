import { Duration, Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { deploymentOutcomes } from '../../core/deployment/outcome.ts';
import { rolloutOutcomes } from '../../core/rollout/rollout.ts';
import { deployments, durations, rollouts, sweepMetric } from './metrics.ts';

const halfWidth = 12;
const fullWidth = 24;
const period = Duration.hours(1);

/** The dashboard: alarms, outcomes and durations of deployments and rollouts, and results of sweeps. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: { readonly alarms: readonly Alarm[] }) {
    super(scope, id);
    const board = new CloudWatchDashboard(this, 'Resource', {
      // dashboard names are unique per account, and each region may have a stack
      dashboardName: `certferry-${Stack.of(this).region}`,
      defaultInterval: Duration.days(7),
    });
    board.addWidgets(
      new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: fullWidth, height: 3 }),
    );
    for (const row of rows()) board.addWidgets(...row);
  }
}

function rows(): IWidget[][] {
  return [
    [
      graph(
        'Deployments by outcome',
        deploymentOutcomes.map((outcome) => deployments(outcome, period)),
        true,
      ),
      graph(
        'Rollouts by outcome',
        rolloutOutcomes.map((outcome) => rollouts(outcome, period)),
        true,
      ),
    ],
    [
      graph('Duration of deployments (ms)', [durations('DurationMs', 'p50'), durations('DurationMs', 'p99')]),
      graph('Wait for locks (ms)', [
        durations('LockWaitMs', 'p50'),
        durations('LockWaitMs', 'Maximum'),
        durations('LockWaitingMs', 'Maximum'),
      ]),
    ],
    [
      graph('Time until the host answers (ms)', [durations('PushMs', 'p50'), durations('PushMs', 'p99')]),
      graph('Duration of verification and rollback (ms)', [
        durations('VerifyMs', 'p50'),
        durations('VerifyMs', 'p99'),
        durations('RollbackMs', 'Maximum'),
      ]),
    ],
    [
      graph('Days until the first certificate expires', [sweepMetric('DaysToExpiry', 'Minimum')]),
      graph('Targets that are not ok', [
        sweepMetric('Drift', 'Maximum'),
        sweepMetric('ChainIncomplete', 'Maximum'),
        sweepMetric('Unreachable', 'Maximum'),
        sweepMetric('NeverDeployed', 'Maximum'),
      ]),
    ],
  ];
}

function graph(title: string, left: IMetric[], stacked = false): GraphWidget {
  return new GraphWidget({ title, left, stacked, width: halfWidth, height: 6 });
}
