import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { rolloutName, waveLabel } from './common/names.ts';
import type { Functions } from './functions/functions.ts';
import { localArn } from './grants/grant.ts';
import type { Tables } from './storage/tables.ts';

/** The parts of a stack that the command line uses. */
export interface OperatedParts {
  readonly scope: Construct;
  readonly tables: Tables;
  readonly workBucket: Bucket;
  readonly deployTarget: StateMachine;
  readonly rollout: StateMachine;
  readonly functions: Functions;
}

/** The functions that the command line invokes. */
const invoked = ['sweep', 'warm-hosts', 'find-hosts'] as const;

/** Allows what the commands of docs/cli.md need, except `doctor`. */
export function grantOperations(grantee: IGrantable, parts: OperatedParts): void {
  const { scope, tables, workBucket, deployTarget, rollout, functions } = parts;
  for (const table of [tables.locks, tables.registry, tables.deployments]) table.grantReadWriteData(grantee);
  workBucket.grantRead(grantee);
  for (const machine of [deployTarget, rollout]) {
    machine.grantStartExecution(grantee);
    machine.grantRead(grantee);
  }
  rollout.grantRedriveExecution(grantee);
  rollout.grantTaskResponse(grantee);
  for (const name of invoked) functions.get(name).lambda.grantInvoke(grantee);
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
      resources: [Stack.of(scope).stackId],
    }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(readsMapRuns(scope));
}

/** The executions and the map runs of the Distributed Map have the name of the state machine with a label. */
function readsMapRuns(scope: Construct): PolicyStatement {
  const under = (resource: string) =>
    localArn(scope, 'states', `${resource}:${rolloutName}/${waveLabel}:*`).arn;
  return new PolicyStatement({
    actions: ['states:DescribeMapRun', 'states:DescribeExecution', 'states:GetExecutionHistory'],
    resources: [under('mapRun'), under('execution')],
  });
}
