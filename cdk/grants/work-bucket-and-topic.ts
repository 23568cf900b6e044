import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type Grant, shownArn, via } from './grant.ts';

/** What the stack has one of, and several functions use. */
export interface Shared {
  readonly key: IKey;
  readonly workBucket: Bucket;
  readonly topic: ITopic;
}

/** Where the files of rollouts stand in the work bucket. */
const rollouts = 'rollouts/*';

/** Says where a wave's files will be, and touches none. */
export const knowWorkBucket = ({ workBucket }: Shared): Grant => ({
  statements: [],
  environment: { WORK_BUCKET: workBucket.bucketName },
  wildcards: {},
});

/** Reads the files of rollouts. */
export const readWaveFiles = (scope: Construct, shared: Shared): Grant =>
  waveFiles(scope, shared, { s3: ['s3:GetObject'], kms: ['kms:Decrypt'] });

/** Reads and writes the files of rollouts. */
export const keepWaveFiles = (scope: Construct, shared: Shared): Grant =>
  waveFiles(scope, shared, {
    s3: ['s3:GetObject', 's3:PutObject'],
    kms: ['kms:Decrypt', 'kms:GenerateDataKey'],
  });

/** May list the bucket too: S3 says of a missing object that it is missing only to those who may. */
function waveFiles(
  scope: Construct,
  { key, workBucket }: Shared,
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

/** What a Distributed Map needs to read its items and to write its results. */
export function moveWaves(scope: Construct, { key, workBucket }: Shared): Grant {
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
 * Publishes to the topic for people, whose key (if it has one of its own) takes part in it. What people are told to type
 * works in this stack.
 */
export function tellPeople(scope: Construct, { topic }: Shared): Grant {
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
  return { [shown]: 'The files of all rollouts, past and to come, stand under this prefix.' };
}
