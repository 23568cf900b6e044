import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type Grant, shownArn, via } from './grant.ts';

/** The shared resources of the stack that several functions use. */
export interface SharedResources {
  readonly key: IKey;
  readonly workBucket: Bucket;
  readonly topic: ITopic;
}

/** The prefix of the files of rollouts in the work bucket. */
const rollouts = 'rollouts/*';

/** The name of the work bucket, without access to its objects. */
export const nameWorkBucket = ({ workBucket }: SharedResources): Grant => ({
  statements: [],
  environment: { WORK_BUCKET: workBucket.bucketName },
  wildcards: {},
});

/** Reads the files of rollouts. */
export const readWaveFiles = (scope: Construct, shared: SharedResources): Grant =>
  waveFiles(scope, shared, { s3: ['s3:GetObject'], kms: ['kms:Decrypt'] });

/** Reads and writes the files of rollouts. */
export const writeWaveFiles = (scope: Construct, shared: SharedResources): Grant =>
  waveFiles(scope, shared, {
    s3: ['s3:GetObject', 's3:PutObject'],
    kms: ['kms:Decrypt', 'kms:GenerateDataKey'],
  });

/** Includes ListBucket: without it, S3 answers 403 instead of 404 for a missing object. */
function waveFiles(
  scope: Construct,
  { key, workBucket }: SharedResources,
  actions: { readonly s3: string[]; readonly kms: string[] },
): Grant {
  return {
    statements: [
      new PolicyStatement({ actions: actions.s3, resources: [workBucket.arnForObjects(rollouts)] }),
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [workBucket.bucketArn] }),
      throughKey(scope, key, 's3', actions.kms),
    ],
    environment: { WORK_BUCKET: workBucket.bucketName },
    wildcards: wildcardsIn(workBucket),
  };
}

/** Lets a Distributed Map read its items and write its results. */
export function transferWaves(scope: Construct, { key, workBucket }: SharedResources): Grant {
  return {
    statements: [
      new PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
        resources: [workBucket.arnForObjects(rollouts)],
      }),
      throughKey(scope, key, 's3'),
    ],
    environment: {},
    wildcards: wildcardsIn(workBucket),
  };
}

/**
 * Publishes to the notification topic, and uses its key if it has one. `COMMAND_OPTIONS` makes the commands in messages
 * complete for this stack.
 */
export function notifyOperators(scope: Construct, { topic }: SharedResources): Grant {
  const { stackName, region } = Stack.of(scope);
  return {
    statements: [
      new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }),
      ...(topic.masterKey === undefined ? [] : [throughKey(scope, topic.masterKey, 'sns')]),
    ],
    environment: {
      NOTIFICATIONS_TOPIC: topic.topicArn,
      COMMAND_OPTIONS: `--stack ${stackName} --region ${region}`,
    },
    wildcards: {},
  };
}

function throughKey(
  scope: Construct,
  key: IKey,
  service: string,
  actions = ['kms:Decrypt', 'kms:GenerateDataKey'],
): PolicyStatement {
  return new PolicyStatement({
    actions,
    resources: [key.keyArn],
    conditions: via(scope, service),
  });
}

function wildcardsIn(bucket: Bucket): Record<string, string> {
  const { shown } = shownArn(bucket, bucket.arnForObjects(rollouts));
  return { [shown]: 'The files of all rollouts have this prefix.' };
}
