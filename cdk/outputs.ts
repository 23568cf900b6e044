import { CfnOutput, Fn } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { AgentAssets } from './agent/agent-assets.ts';
import { checkDocumentName, documentName } from './common/names.ts';
import type { Events } from './events/events.ts';
import type { Functions } from './functions/functions.ts';
import type { Tables } from './storage/tables.ts';

interface StackParts {
  readonly machines: { readonly deployTarget: StateMachine; readonly rollout: StateMachine };
  readonly functions: Functions;
  /** The public keys for {@link CertferryMember}. */
  readonly jobKeys: string;
  readonly assets: AgentAssets;
  readonly tables: Tables;
  readonly key: IKey;
  readonly topic: ITopic;
  readonly bucket: Bucket;
  readonly events: Events;
}

/** Outputs for operators and the command line. The names are permanent; docs/deploying.md explains them. */
export function writeOutputs(scope: Construct, parts: StackParts): void {
  const { machines, functions, jobKeys, assets, tables, key, topic, bucket, events } = parts;
  const values = {
    DeployTargetArn: machines.deployTarget.stateMachineArn,
    RolloutArn: machines.rollout.stateMachineArn,
    SweepFunctionName: functions.get('sweep').lambda.functionName,
    WorkBucketName: bucket.bucketName,
    DocumentName: documentName,
    CheckDocumentName: checkDocumentName,
    JobKeys: jobKeys,
    AgentSha256: assets.agent.sha256,
    HostPolicyArn: assets.hostPolicy.managedPolicyArn,
    AgentRoleArn: functions.get('run-agent').role.roleArn,
    NotificationsTopicArn: topic.topicArn,
    EventBusName: events.bus.eventBusName,
    LocksTableName: tables.locks.tableName,
    RegistryTableName: tables.registry.tableName,
    DeploymentsTableName: tables.deployments.tableName,
    KeyArn: key.keyArn,
    DeadLetterQueueUrls: Fn.join(
      ',',
      events.undelivered.map(({ queueUrl }) => queueUrl),
    ),
  };
  for (const [name, value] of Object.entries(values)) {
    new CfnOutput(scope, name, { value }).overrideLogicalId(name);
  }
}
