// The events that start rollouts: the fields used here. AWS defines the shapes; `docs/triggers.md` links to their documentation.
// Fields that decide are required. Fields that only some senders set are optional.
import * as z from 'zod/mini';
import { RolloutRequest } from '../../core/rollout/rollout.ts';

const envelope = {
  id: z.string(),
  account: z.string(),
  region: z.string(),
  time: z.string(),
  resources: z._default(z.array(z.string()), []),
};

export const CertificateAvailable = z.object({
  ...envelope,
  source: z.literal('aws.acm'),
  'detail-type': z.literal('ACM Certificate Available'),
  resources: z.array(z.string()).check(z.minLength(1)),
  detail: z.object({
    Action: z.string(),
    CertificateType: z.string(),
    CertificateCreatedDate: z.optional(z.string()),
    CertificateExpirationDate: z.string(),
  }),
});

export const SecretLabelUpdated = z.object({
  ...envelope,
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('Secret Label Updated'),
  detail: z.object({ name: z.string(), labelUpdated: z.string(), versionId: z.string() }),
});

const text = z.optional(z.nullable(z.string()));

/**
 * A CloudTrail event of Secrets Manager. The request has the identifier that the caller used (name or ARN). The ARN is in
 * one of several fields with one of several spellings, depending on the call and the year.
 */
const trailDetail = z.object({
  eventID: z.string(),
  eventName: z.string(),
  eventSource: z.literal('secretsmanager.amazonaws.com'),
  errorCode: text,
  requestParameters: z.optional(
    z.nullable(
      z.object({
        secretId: text,
        versionStage: text,
        versionStages: z.optional(z.nullable(z.array(z.string()))),
      }),
    ),
  ),
  responseElements: z.optional(z.nullable(z.object({ arn: text, ARN: text, aRN: text }))),
  additionalEventData: z.optional(z.nullable(z.object({ SecretId: text }))),
  serviceEventDetails: z.optional(z.nullable(z.object({ secretId: text }))),
});

const SecretCall = z.object({
  ...envelope,
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('AWS API Call via CloudTrail'),
  detail: trailDetail,
});

const SecretRotated = z.object({
  ...envelope,
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('AWS Service Event via CloudTrail'),
  detail: trailDetail,
});

/** One of the two kinds of CloudTrail events. */
export type SecretTrail = z.infer<typeof SecretCall> | z.infer<typeof SecretRotated>;

export const ObjectCreated = z.object({
  ...envelope,
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      'version-id': z.optional(z.string()),
      sequencer: z.optional(z.string()),
    }),
  }),
});

export const ParameterChanged = z.object({
  ...envelope,
  source: z.literal('aws.ssm'),
  'detail-type': z.literal('Parameter Store Change'),
  detail: z.object({ operation: z.string(), name: z.string(), type: z.string(), exception: text }),
});

/** An event of certferry itself: operators and their programs send it to the bus `certferry`. */
export const VersionAvailable = z.object({
  ...envelope,
  source: z.literal('certferry'),
  'detail-type': z.literal('Certificate Version Available'),
  detail: z.strictObject({
    certificate: RolloutRequest.shape.certificate,
    version: RolloutRequest.shape.version,
    reason: z.optional(z.string().check(z.maxLength(200))),
    urgent: RolloutRequest.shape.urgent,
  }),
});

export const InstanceLaunched = z.object({
  ...envelope,
  source: z.literal('aws.autoscaling'),
  'detail-type': z.literal('EC2 Instance Launch Successful'),
  detail: z.object({
    ActivityId: z.string(),
    AutoScalingGroupName: z.string(),
    EC2InstanceId: z.string(),
    Destination: text,
  }),
});

/** An instance in any state: the rule selects `running`. */
export const InstanceStateChanged = z.object({
  ...envelope,
  source: z.literal('aws.ec2'),
  'detail-type': z.literal('EC2 Instance State-change Notification'),
  detail: z.object({ 'instance-id': z.string(), state: z.string() }),
});

/** The tags of an instance changed. The function reads the tags from EC2, so the event's own tags are not used. */
export const InstanceTagged = z.object({
  ...envelope,
  source: z.literal('aws.tag'),
  'detail-type': z.literal('Tag Change on Resource'),
  resources: z.array(z.string()).check(z.minLength(1)),
  detail: z.object({ service: z.string(), 'resource-type': z.string() }),
});

/** Any event that starts a rollout. */
export const TriggerEvent = z.discriminatedUnion('detail-type', [
  CertificateAvailable,
  SecretLabelUpdated,
  SecretCall,
  SecretRotated,
  ObjectCreated,
  ParameterChanged,
  VersionAvailable,
  InstanceLaunched,
  InstanceStateChanged,
  InstanceTagged,
]);
export type TriggerEvent = z.infer<typeof TriggerEvent>;
