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
import { deployments, durations, eachCertificate, rollouts, swept } from './metrics.ts';

const halfWidth = 12;
const fullWidth = 24;
const period = Duration.hours(1);

/** One page that says how things are: what is alarming, how deployments and rollouts end, how long they take, what a sweep saw. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: { readonly alarms: readonly Alarm[] }) {
    super(scope, id);
    const board = new CloudWatchDashboard(this, 'Resource', {
      // the names of dashboards are one for all regions of an account, and each region may have a stack
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
      graph('How long deployments take (ms)', [
        durations('DurationMs', 'p50'),
        durations('DurationMs', 'p99'),
      ]),
      graph('How long they wait for their target (ms)', [
        durations('LockWaitMs', 'p50'),
        durations('LockWaitMs', 'Maximum'),
        durations('LockWaitingMs', 'Maximum'),
      ]),
    ],
    [
      graph('How long it takes until the host has answered (ms)', [
        durations('PushMs', 'p50'),
        durations('PushMs', 'p99'),
      ]),
      graph('How long verifying and rolling back take (ms)', [
        durations('VerifyMs', 'p50'),
        durations('VerifyMs', 'p99'),
        durations('RollbackMs', 'Maximum'),
      ]),
    ],
    [
      graph('Days to expiry, by certificate', [eachCertificate('DaysToExpiry', 'Minimum')]),
      graph('Endpoints that are not as they should be', [
        swept('Drift', 'Maximum'),
        swept('ChainIncomplete', 'Maximum'),
        swept('Unreachable', 'Maximum'),
      ]),
    ],
  ];
}

function graph(title: string, left: IMetric[], stacked = false): GraphWidget {
  return new GraphWidget({ title, left, stacked, width: halfWidth, height: 6 });
}
