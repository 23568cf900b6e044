import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { runAgentName } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** Starts the function that runs the agent for targets with `host: lambda`. */
export function startRuns(scope: Construct): Grant {
  const { arn } = localArn(scope, 'lambda', `function:${runAgentName}`);
  return {
    statements: [new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [arn] })],
    environment: { RUN_AGENT_FUNCTION: runAgentName },
    wildcards: {},
  };
}
