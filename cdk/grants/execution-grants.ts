import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { deployTargetName, rolloutName, waveLabel } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** Ends the state that waits with a task token. */
export const completeTasks = (): Grant => ({
  statements: [
    new PolicyStatement({ actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: ['*'] }),
  ],
  environment: {},
  wildcards: {
    '*': 'states:SendTaskSuccess and SendTaskFailure know no resources; the task token itself is the capability.',
  },
});

/** Ends the state that waits with a task token, with an answer. */
export const answerTasks = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: ['*'] })],
  environment: {},
  wildcards: { '*': 'states:SendTaskSuccess knows no resources; the task token itself is the capability.' },
});

/**
 * Whether the owner of a lock still runs: deployments by themselves and those of a rollout's waves. ARNs are formed
 * from names, since the machines themselves depend on the functions.
 */
export const describeExecutions = (scope: Construct): Grant =>
  describing(
    scope,
    [deployTargetName, `${rolloutName}/${waveLabel}`],
    'The owner of a lock may be any deployment of ours.',
  );

/** Whether the rollout that carries a version still runs. */
export const describeRollouts = (scope: Construct): Grant =>
  describing(scope, [rolloutName], 'A version may be carried by any rollout of ours.');

function describing(scope: Construct, machines: readonly string[], reason: string): Grant {
  const executions = machines.map((name) => localArn(scope, 'states', `execution:${name}:*`));
  return {
    statements: [
      new PolicyStatement({
        actions: ['states:DescribeExecution'],
        resources: executions.map(({ arn }) => arn),
      }),
    ],
    environment: {},
    wildcards: Object.fromEntries(executions.map(({ shown }) => [shown, reason])),
  };
}

/** Begins rollouts, and looks whether one of the same name has begun. */
export function startRollouts(scope: Construct): Grant {
  const { arn } = localArn(scope, 'states', `stateMachine:${rolloutName}`);
  return {
    statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [arn] })],
    environment: { ROLLOUT_ARN: arn },
    wildcards: {},
  };
}

/** Runs the Distributed Map of the rollout machine: its deployments are executions of the machine itself. */
export function runWaves(scope: Construct): Grant {
  const machine = localArn(scope, 'states', `stateMachine:${rolloutName}`);
  const rollouts = localArn(scope, 'states', `execution:${rolloutName}:*`);
  const deployments = localArn(scope, 'states', `execution:${rolloutName}/${waveLabel}:*`);
  const reason =
    'Executions of this machine, and of its Distributed Map, whose names are made when they start.';
  return {
    statements: [
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.arn] }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution'],
        resources: [rollouts.arn, deployments.arn],
      }),
      new PolicyStatement({ actions: ['states:RedriveExecution'], resources: [deployments.arn] }),
    ],
    environment: {},
    wildcards: { [rollouts.shown]: reason, [deployments.shown]: reason },
  };
}
