import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { deployTargetName, rolloutName, waveLabel } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** Completes a state that waits for a task token, with success or failure. */
export const completeTasks = (): Grant => ({
  statements: [
    new PolicyStatement({ actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: ['*'] }),
  ],
  environment: {},
  wildcards: {
    '*': 'states:SendTaskSuccess and SendTaskFailure support no resource-level permissions. The secret task token protects them.',
  },
});

/** Completes the state that waits for an approval decision. */
export const completeApprovals = (): Grant => ({
  statements: [new PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: ['*'] })],
  environment: {},
  wildcards: {
    '*': 'states:SendTaskSuccess supports no resource-level permissions. The secret task token protects it.',
  },
});

/**
 * Reads whether the owner of a lock is still running: a single deployment or a deployment of a rollout. The ARNs are built from
 * names, because the state machines depend on the functions.
 */
export const describeExecutions = (scope: Construct): Grant =>
  describing(
    scope,
    [deployTargetName, `${rolloutName}/${waveLabel}`],
    'Any deployment of this stack may own the lock.',
  );

/** Reads whether the rollout of a version is still running. */
export const describeRollouts = (scope: Construct): Grant =>
  describing(scope, [rolloutName], 'Any rollout of this stack may deploy the version.');

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

/** Starts rollouts. */
export function startRollouts(scope: Construct): Grant {
  const { arn } = localArn(scope, 'states', `stateMachine:${rolloutName}`);
  return {
    statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [arn] })],
    environment: { ROLLOUT_ARN: arn },
    wildcards: {},
  };
}

/** Runs the Distributed Map of the rollout. Its deployments are executions of the same state machine. */
export function runWaves(scope: Construct): Grant {
  const machine = localArn(scope, 'states', `stateMachine:${rolloutName}`);
  const rollouts = localArn(scope, 'states', `execution:${rolloutName}:*`);
  const deployments = localArn(scope, 'states', `execution:${rolloutName}/${waveLabel}:*`);
  const reason = 'Executions of this state machine and its Distributed Map get their names when they start.';
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
