import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type Grant, via } from './grant.ts';

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

/**
 * Reads and writes the files of rollouts. May list the bucket, because S3 says of a missing object that it is missing
 * only to those who may.
 */
export function keepWaveFiles(scope: Construct, { key, workBucket }: Shared): Grant {
  return {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [workBucket.arnForObjects(rollouts)],
      }),
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [workBucket.bucketArn] }),
      throughKey(scope, key, 's3'),
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

/** Publishes to the topic for people, whose key takes part in it. */
export function tellPeople(scope: Construct, { key, topic }: Shared): Grant {
  return {
    statements: [
      new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }),
      throughKey(scope, key, 'sns'),
    ],
    environment: { NOTIFICATIONS_TOPIC: topic.topicArn },
    wildcards: {},
  };
}

function throughKey(scope: Construct, key: IKey, service: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [key.keyArn],
    conditions: via(scope, service),
  });
}

/** cdk-nag names a resource of the stack by its logical id. */
function wildcardsIn(bucket: Bucket): Record<string, string> {
  const id = bucket.stack.getLogicalId(bucket.node.defaultChild as never);
  return {
    [`<${id}.Arn>/${rollouts}`]: 'The files of all rollouts, past and to come, stand under this prefix.',
  };
}
